package connector

import (
	"context"
	"fmt"

	"github.com/dealsync/dealsync/libs/deal"
	"github.com/dealsync/dealsync/libs/fault"
	"github.com/dealsync/dealsync/libs/filter"
)

// CodeNoPipelines is the code of an app in which no pipelines can be made.
const CodeNoPipelines = "no_pipelines"

// CreatePipeline makes a pipeline (see PipelineMaker), and forgets the schema so
// that it is seen. An app in which none can be made is fault.Invalid with
// CodeNoPipelines.
func (c *Connector) CreatePipeline(ctx context.Context, object deal.Object, p Pipeline) (made Pipeline, existed bool, err error) {
	maker, ok := c.driver.(PipelineMaker)
	if !ok {
		return Pipeline{}, false, fault.New(fault.Invalid, CodeNoPipelines, "pipelines can't be made in %s", c.manifest.Title)
	}
	err = c.repeat(ctx, "create_pipeline", func() (err error) {
		made, existed, err = maker.CreatePipeline(ctx, object, p)
		return err
	})
	if err != nil {
		return Pipeline{}, false, fmt.Errorf("create pipeline %q for %s of %s: %w", p.Label, object.Plural(), c.options.Name, err)
	}
	c.schemas.forget(object)
	return made, existed, nil
}

// Search answers some records that meet the conditions, at most limit, and how
// many there are (see Searcher). An app that can't search by them is
// fault.Invalid with CodeUnsearchable.
func (c *Connector) Search(ctx context.Context, object deal.Object, group filter.Group, limit int) (found []Record, total int, err error) {
	searcher, ok := c.driver.(Searcher)
	if !ok {
		return nil, 0, fault.New(fault.Invalid, CodeUnsearchable, "%s can't be searched by conditions", c.manifest.Title)
	}
	schema, err := c.Schema(ctx, object)
	if err != nil {
		return nil, 0, err
	}
	err = c.repeat(ctx, "search", func() (err error) {
		found, total, err = searcher.Search(ctx, object, group, limit)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("search %s of %s: %w", object.Plural(), c.options.Name, err)
	}
	c.canonicalRecords(ctx, schema, found)
	return found, total, nil
}

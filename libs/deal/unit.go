package deal

// StageUnit is the name of the unit that holds where a deal stands: HubSpot's
// pipeline and stage, the app's stage.
const StageUnit = "stage"

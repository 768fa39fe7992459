package bench

// documents are what is synced: names and amounts of deals, both ways. The
// limits are out of the way, as those of the doubles are.
const documents = `apiVersion: dealsync/v1
kind: Workspace
metadata: {name: bench}
spec: {title: Benchmark}
---
apiVersion: dealsync/v1
kind: Connection
metadata: {workspace: bench, name: hubspot-main}
spec:
  app: hubspot
  baseURL: %s
  account: "1234567"
  appID: "2468000"
  auth: {token: {value: sandbox-hubspot-token}}
  webhook: {secret: {value: sandbox-hubspot-secret}, developerKey: {value: sandbox-hubspot-devkey}}
  poll: 1h
  limit: {calls: 1000000}
---
apiVersion: dealsync/v1
kind: Connection
metadata: {workspace: bench, name: pipedrive-main}
spec:
  app: pipedrive
  baseURL: %s
  account: "7700001"
  userID: "599"
  auth: {token: {value: sandbox-pipedrive-token}}
  webhook: {user: hooks, password: {value: sandbox-webhook-password}}
  poll: 1h
  limit: {calls: 1000000}
---
apiVersion: dealsync/v1
kind: Sync
metadata: {workspace: bench, name: deals}
spec:
  connection: pipedrive-main
  object: deal
  direction: both
  conflict: {winner: hubspot, window: 5m}
  pipelines:
    - hubspot: default
      app: "1"
      stages:
        - {hubspot: appointmentscheduled, app: "1"}
        - {hubspot: qualifiedtobuy, app: "2"}
        - {hubspot: presentationscheduled, app: "3"}
        - {hubspot: decisionmakerboughtin, app: "4"}
        - {hubspot: closedwon, app: "won"}
        - {hubspot: closedlost, app: "lost"}
  fields:
    - {hubspot: dealname, app: title}
    - {hubspot: amount, app: value}
`

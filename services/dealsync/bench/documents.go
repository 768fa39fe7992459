package bench

// connections are both accounts, with the doubles' addresses and a rate limit,
// or none to have the one that the app declares.
const connections = `apiVersion: dealsync/v1
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
%s---
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
%s`

// noLimit is out of the way, as the limits of the doubles are.
const noLimit = "  limit: {calls: 1000000}\n"

// syncOfDeals syncs names and amounts of deals, both ways.
const syncOfDeals = `apiVersion: dealsync/v1
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

// syncsOfParents sync what deals are associated with, both ways.
const syncsOfParents = `apiVersion: dealsync/v1
kind: Sync
metadata: {workspace: bench, name: companies}
spec:
  connection: pipedrive-main
  object: company
  direction: both
  conflict: {winner: hubspot, window: 5m}
  fields:
    - {hubspot: name, app: name}
    - {hubspot: domain, app: domain}
---
apiVersion: dealsync/v1
kind: Sync
metadata: {workspace: bench, name: contacts}
spec:
  connection: pipedrive-main
  object: contact
  direction: both
  conflict: {winner: hubspot, window: 5m}
  fields:
    - {hubspot: email, app: email}
    - {hubspot: firstname, app: first_name}
    - {hubspot: lastname, app: last_name}
`

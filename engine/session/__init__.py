"""One call: a mailbox and a task, the scenario's machine stepped by what the network tells, its commands carried out."""

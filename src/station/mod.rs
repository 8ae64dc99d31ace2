//! The workstation's side: what is a call, what is muted, what a pulled QD means. Sans-IO: inputs with their time in, messages and commands out.

//! The customer: sipp, which calls, and passes only if what must happen to it does happen.

use super::{Program, free_media_port, free_udp_port};
use std::fs;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What the customer found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was put on hold and taken back.
    HeldAndResumed,
    /// Not so.
    NotSo,
}

/// A calling customer.
pub(crate) struct Customer {
    sipp: Program,
    directory: TempDir,
}

impl Customer {
    /// Calls `agent` at this SIP port, and waits at most `patience_ms` for each thing to happen.
    pub(crate) fn call(agent_port: u16, patience_ms: u32) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let scenario = directory.path().join("customer.xml");
        fs::write(&scenario, scenario_text(patience_ms)).unwrap();
        let log = fs::File::create(directory.path().join("out")).unwrap();
        let sipp = Program::start(
            Command::new("sipp")
                .arg(format!("127.0.0.1:{agent_port}"))
                .arg("-sf")
                .arg(&scenario)
                .args(["-s", "agent", "-i", "127.0.0.1", "-mi", "127.0.0.1"])
                .args(["-p", &free_udp_port().to_string()])
                .args(["-mp", &free_media_port().to_string()])
                .args(["-m", "1", "-nostdin", "-trace_err", "-timeout", "60"])
                .current_dir(directory.path())
                .stdin(Stdio::null())
                .stdout(log.try_clone().unwrap())
                .stderr(log),
        );
        Self { sipp, directory }
    }

    /// Waits for its end.
    pub(crate) fn verdict(mut self) -> Verdict {
        match self.sipp.0.wait().unwrap().code() {
            Some(0) => Verdict::HeldAndResumed,
            // sipp's status for a call that did not go as the scenario says.
            Some(1) => Verdict::NotSo,
            other => {
                let out = fs::read_to_string(self.directory.path().join("out"));
                panic!("sipp ended with {other:?}: {}", out.unwrap_or_default())
            }
        }
    }
}

const REPLY: &str = "      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Contact: <sip:customer@[local_ip]:[local_port]>
      Content-Type: application/sdp
      Content-Length: [len]
";

fn sdp(direction: &str) -> String {
    format!(
        "
      v=0
      o=customer 1 1 IN IP4 [local_ip]
      s=-
      c=IN IP4 [media_ip]
      t=0 0
      m=audio [media_port] RTP/AVP 0
      a=rtpmap:0 PCMU/8000
      a={direction}
"
    )
}

/// A re-INVITE must come that puts this side on hold, or one that does not (RFC 3264 §8.4: without a
/// direction, media flow both ways); it is answered accordingly.
fn reinvite(hold: bool, patience_ms: u32) -> String {
    let (check, answer) = if hold {
        ("check_it", "recvonly")
    } else {
        ("check_it_inverse", "sendrecv")
    };
    format!(
        r#"
  <recv request="INVITE" crlf="true" timeout="{patience_ms}">
    <action>
      <ereg regexp="a=(sendonly|inactive|recvonly)" search_in="body" {check}="true" assign_to="offer"/>
    </action>
  </recv>
  <send retrans="500"><![CDATA[

      SIP/2.0 200 OK
{REPLY}{}
  ]]></send>
  <recv request="ACK" timeout="{patience_ms}"/>"#,
        sdp(answer)
    )
}

/// The pause before the end is for whoever looks now and then only, on a busy machine.
fn scenario_text(patience_ms: u32) -> String {
    let hold = reinvite(true, patience_ms);
    let resume = reinvite(false, patience_ms);
    let request = |method: &str, sequence: u32| {
        format!(
            "
      {method} sip:agent@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:customer@[local_ip]:[local_port]>;tag=[call_number]
      To: <sip:agent@[remote_ip]:[remote_port]>[peer_tag_param]
      Call-ID: [call_id]
      CSeq: {sequence} {method}
      Contact: <sip:customer@[local_ip]:[local_port]>
      Max-Forwards: 70
"
        )
    };
    let invite = request("INVITE", 1);
    let ack = request("ACK", 1);
    let bye = request("BYE", 2);
    let offer = sdp("sendrecv");
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<scenario name="customer">
  <send retrans="500"><![CDATA[
{invite}      Content-Type: application/sdp
      Content-Length: [len]
{offer}
  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  <recv response="200" timeout="{patience_ms}"/>
  <send><![CDATA[
{ack}      Content-Length: 0

  ]]></send>{hold}{resume}
  <pause milliseconds="3000"/>
  <send retrans="500"><![CDATA[
{bye}      Content-Length: 0

  ]]></send>
  <recv response="200" timeout="{patience_ms}"/>
  <Reference variables="offer"/>
</scenario>
"#
    )
}

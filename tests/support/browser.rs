//! A real browser, Debian's chromium, told what to do by the protocol of its developer tools.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a browser that does not answer fails the test"
)]

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::support::{Skip, oracle, scratch};

/// A page in a browser of its own. What it did is remembered: what it asked the network for, what was refused, what went wrong.
pub(crate) struct Browser {
    child: Child,
    to: File,
    from: BufReader<File>,
    last: u64,
    session: Option<String>,
    /// What it told without being asked.
    pub(crate) events: Vec<Value>,
}

impl Browser {
    /// Starts it; it talks through pipes with names in `dir`.
    pub(crate) fn start(dir: &Path) -> Result<Browser, Skip> {
        let found = Command::new("chromium").arg("--version").output().is_ok_and(|ran| ran.status.success());
        if !found {
            return Err(Skip("chromium is not installed".into()));
        }
        let (requests, answers) = (dir.join("requests"), dir.join("answers"));
        [&requests, &answers].into_iter().for_each(|pipe| scratch::make_fifo(pipe));
        let profile = format!("--user-data-dir={}", dir.join("profile").display());
        let child = Command::new(oracle::path())
            .args(["within", "240", "--", "bash", "-c", "exec chromium \"${@:3}\" 3<\"$1\" 4>\"$2\"", "bash"])
            .args([&requests, &answers])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", &profile])
            .args(["--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe", "about:blank"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("bash starts");
        let to = File::options().write(true).open(requests).expect("own pipe");
        let from = BufReader::new(File::open(answers).expect("own pipe"));
        let mut browser = Browser { child, to, from, last: 0, session: None, events: Vec::new() };
        browser.attach();
        Ok(browser)
    }

    fn attach(&mut self) {
        let target = self.call("Target.createTarget", json!({"url": "about:blank"}))["targetId"].clone();
        let attached = self.call("Target.attachToTarget", json!({"targetId": target, "flatten": true}));
        self.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Network", "Log"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
    }

    /// Calls a method, and gives its result.
    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let message = message.to_string() + "\0";
        self.to.write_all(message.as_bytes()).expect("the browser listens");
        loop {
            let answer = self.hear();
            if answer["id"] == self.last {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
            self.events.push(answer);
        }
    }

    fn hear(&mut self) -> Value {
        let mut message = Vec::new();
        self.from.read_until(0, &mut message).expect("the browser speaks");
        message.pop();
        serde_json::from_slice(&message).expect("JSON: the browser has ended otherwise")
    }

    /// Goes to an address, and waits until the page is there.
    pub(crate) fn go(&mut self, address: &str) {
        self.events.clear();
        let gone = self.call("Page.navigate", json!({"url": address}));
        assert!(gone["errorText"].is_null(), "{gone}");
        // Within one document nothing is loaded.
        let loads = !gone["loaderId"].is_null();
        while loads && !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.hear();
            self.events.push(event);
        }
    }

    /// The value of an expression on the page.
    #[track_caller]
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let what = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let result = self.call("Runtime.evaluate", what);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    /// A list of texts.
    #[track_caller]
    pub(crate) fn texts(&mut self, expression: &str) -> Vec<String> {
        let value = self.value(expression);
        let list = value.as_array().unwrap_or_else(|| panic!("no list: {value}"));
        list.iter()
            .map(|text| text.as_str().unwrap_or_else(|| panic!("no text: {text}")).to_owned())
            .collect()
    }

    /// A key, by its name and the text that it types.
    pub(crate) fn press(&mut self, key: &str, text: &str) {
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({"type": kind, "key": key, "code": key});
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            let code = match key {
                "Tab" => 9,
                "Enter" => 13,
                _ => 0,
            };
            event["windowsVirtualKeyCode"] = json!(code);
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    /// A click into the middle of what a selector finds.
    pub(crate) fn click(&mut self, selector: &str) {
        let at = self.value(&format!(
            "(() => {{ const r = document.querySelector({}).getBoundingClientRect(); \
             return [r.x + r.width / 2, r.y + r.height / 2] }})()",
            json!(selector)
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", event);
        }
    }

    /// What is seen, as PNG, where light or dark is preferred.
    pub(crate) fn screenshot(&mut self, scheme: &str) -> Vec<u8> {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", json!({"features": features}));
        let picture = self.call("Page.captureScreenshot", json!({"format": "png"}));
        STANDARD.decode(picture["data"].as_str().expect("a picture")).expect("base64")
    }

    /// What was asked for besides files, and what was refused or went wrong.
    pub(crate) fn complaints(&self) -> Vec<&Value> {
        let is_one = |event: &&Value| match event["method"].as_str() {
            Some("Runtime.exceptionThrown" | "Log.entryAdded" | "Page.javascriptDialogOpening") => true,
            Some("Network.requestWillBeSent") => {
                !event["params"]["request"]["url"].as_str().is_some_and(|url| url.starts_with("file:"))
            }
            _ => false,
        };
        self.events.iter().filter(is_one).collect()
    }
}

impl Drop for Browser {
    /// Errors here mean that it has ended already.
    fn drop(&mut self) {
        let _ = self.to.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let _ = self.child.wait();
    }
}

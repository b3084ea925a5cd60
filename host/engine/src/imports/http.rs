//! `witbot:http/http`: requests to services on the web.

use wasmtime::component::Resource;
use witbot_core::call::{HttpFetch, HttpSend};
use witbot_core::http::{Request, Response};
use witbot_core::journal::Blob;
use witbot_core::limits;

use crate::bindings::witbot::http::http::{Host, HostRequest, HostResponse};
use crate::gate::Refusal;
use crate::state::State;

impl Host for State {
    async fn send(&mut self, request: Resource<Request>) -> Result<Resource<Response>, Refusal> {
        let request = self.table.get(&request)?.clone();
        let response = match request.method.as_str() {
            "GET" | "HEAD" => self.gate.pass(HttpFetch { request }).await?,
            _ => self.gate.pass(HttpSend { request }).await?,
        };
        Ok(self.table.push(response)?)
    }
}

impl HostRequest for State {
    async fn new(&mut self, method: String, url: String) -> wasmtime::Result<Resource<Request>> {
        let timeout_ms = limits::HTTP_TIME_DEFAULT.as_millis() as u64;
        self.hold(method.len() + url.len())?;
        let method = method.to_ascii_uppercase();
        Ok(self.table.push(Request {
            method,
            url,
            headers: Vec::new(),
            body: Blob::default(),
            timeout_ms,
        })?)
    }

    async fn header(
        &mut self,
        request: Resource<Request>,
        name: String,
        value: String,
    ) -> wasmtime::Result<()> {
        self.hold(name.len() + value.len())?;
        self.table.get_mut(&request)?.headers.push((name, value));
        Ok(())
    }

    async fn body(&mut self, request: Resource<Request>, bytes: Vec<u8>) -> wasmtime::Result<()> {
        self.hold(bytes.len())?;
        let before = std::mem::replace(&mut self.table.get_mut(&request)?.body, Blob(bytes));
        self.release(usize::from(!before.0.is_empty()), before.0.len());
        Ok(())
    }

    async fn timeout(
        &mut self,
        request: Resource<Request>,
        milliseconds: u64,
    ) -> wasmtime::Result<()> {
        let longest = limits::HTTP_TIME_MAX.as_millis() as u64;
        self.table.get_mut(&request)?.timeout_ms = milliseconds.clamp(1, longest);
        Ok(())
    }

    async fn drop(&mut self, request: Resource<Request>) -> wasmtime::Result<()> {
        let request = self.table.delete(request)?;
        let headers: usize = request
            .headers
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        let items = 1 + request.headers.len() + usize::from(!request.body.0.is_empty());
        self.release(
            items,
            request.method.len() + request.url.len() + headers + request.body.0.len(),
        );
        Ok(())
    }
}

impl HostResponse for State {
    async fn status(&mut self, response: Resource<Response>) -> wasmtime::Result<u16> {
        Ok(self.table.get(&response)?.status)
    }

    async fn header(
        &mut self,
        response: Resource<Response>,
        name: String,
    ) -> wasmtime::Result<Option<String>> {
        let headers = &self.table.get(&response)?.headers;
        Ok(headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(&name))
            .map(|(_, value)| value.clone()))
    }

    async fn body(&mut self, response: Resource<Response>) -> wasmtime::Result<Vec<u8>> {
        Ok(self.table.get(&response)?.body.0.clone())
    }

    async fn elapsed(&mut self, response: Resource<Response>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&response)?.elapsed_ms)
    }

    async fn certificate_expires(
        &mut self,
        response: Resource<Response>,
    ) -> wasmtime::Result<Option<u64>> {
        let expires = self.table.get(&response)?.certificate_expires;
        Ok(expires.map(|time| time.0))
    }

    async fn drop(&mut self, response: Resource<Response>) -> wasmtime::Result<()> {
        self.table.delete(response)?;
        Ok(())
    }
}

//! The pipeline's overhead for one request over loopback.
//!
//! ```sh
//! cargo bench --bench calls
//! ```
//!
//! Compare within one run: `pipeline` with `floor`, the same request and response through the bare HTTP client.

use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use miniprogram::token::{AccessToken, StaticToken};
use miniprogram::transport::{BaseUrl, Body, HttpTransport, Place, Request, Transport};
use miniprogram::wechat::{WECHAT, WeChatPlatform};
use miniprogram::{AppId, ClientConfig, ReleaseManager};
use miniprogram_sim::{AppSpec, SimConfig, Simulator};

fn calling(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let app = AppId::from("wxba5fad812f8e6fb9");
    let (sim, token, base_url) = runtime.block_on(async {
        let sim = Simulator::start(SimConfig::new()).await.expect("a free port");
        let token = sim.add_app(AppSpec::wechat(app.clone())).expect("a new app");
        let base_url = BaseUrl::parse(&sim.base_url()).expect("a loopback URL");
        (sim, AccessToken::new(token).expect("a token"), base_url)
    });
    let transport = HttpTransport::new(base_url).expect("a transport");
    let tokens = Arc::new(StaticToken::new(WECHAT, app.clone(), token.clone()));
    let config = ClientConfig::new("wx5ec0de0000000001", tokens).with_transport(Arc::new(transport.clone()));
    let program = WeChatPlatform::new(config).expect("a platform").app(app);

    let mut group = criterion.benchmark_group("visit_status");
    group.bench_function("floor", |bencher| {
        bencher.iter(|| {
            let mut request = Request::new(http::Method::POST, "/wxa/getvisitstatus");
            let place = Place::query("access_token");
            request.add_secret(place, token.secret().clone()).expect("its place is free");
            request.body = Body::Json("{}".to_owned());
            let response = runtime.block_on(transport.send(request)).expect("an answer");
            let answer: serde_json::Value = serde_json::from_slice(&response.body).expect("JSON");
            assert_eq!(answer["status"], 1);
        });
    });
    group.bench_function("pipeline", |bencher| {
        bencher.iter(|| runtime.block_on(program.visit_status()).expect("an answer"));
    });
    group.finish();
    drop(sim);
}

criterion_group!(benches, calling);
criterion_main!(benches);

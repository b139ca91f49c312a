use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const BUCKET: &str = "clavis";
const ACCESS_KEY_ID: &str = "AKIATEST";
const SECRET: &str = "s3cr3t/of+the=tests";

/// An S3 server with one bucket, over a folder of its own. It ends when it is dropped.
///
/// `crates/blobs` tests itself against it too.
pub(crate) struct S3Server {
    address: SocketAddr,
    folder: TempDir,
    runtime: Option<Runtime>,
}

impl S3Server {
    /// Listens on a port of 127.0.0.1.
    #[track_caller]
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("clavis-s3-")
            .tempdir()
            .expect("a temporary directory");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("an empty folder");
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).expect("a folder"));
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET));
        let service = service.build();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a thread");
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("it is bound");
        runtime.spawn(serve(listener, service));
        Self {
            address,
            folder,
            runtime: Some(runtime),
        }
    }

    /// What `blobs.url` is for its bucket.
    pub(crate) fn url(&self) -> String {
        let secret = SECRET.replace('/', "%2F").replace('+', "%2B");
        format!(
            "s3://{ACCESS_KEY_ID}:{secret}@{BUCKET}?endpoint=http://{}",
            self.address
        )
    }

    /// The bucket's objects as files.
    pub(crate) fn bucket(&self) -> PathBuf {
        self.folder.path().join(BUCKET)
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        // Without waiting: a test may be asynchronous itself.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(listener: TcpListener, service: S3Service) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
    while let Ok((socket, _)) = listener.accept().await {
        let service = service.clone();
        tokio::spawn(async move {
            // A client that hangs up in the middle is a test's own affair.
            let _ = Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(socket), service)
                .await;
        });
    }
}

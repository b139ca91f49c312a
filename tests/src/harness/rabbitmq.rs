use std::fs::File;
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lapin::options::{
    BasicAckOptions, BasicGetOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties, ExchangeKind};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{free_port, unique, within};

const TO_START: Duration = Duration::from_secs(90);
/// Debian's program in the path wants to be run by its own user; this is the one behind it.
const DEBIAN: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const HOW_TO_GET_IT: &str = "on Debian, `apt-get install rabbitmq-server`; elsewhere, put `rabbitmq-server` and Erlang's `epmd` into the path";
/// What a reader listens with.
const QUEUE: &str = "reader";

/// A RabbitMQ of one's own: it is gone when its value is dropped, and keeps what it has while it is stopped.
pub(crate) struct RabbitMq {
    // Both end before their folder is removed.
    server: Option<Group>,
    _names: Group,
    names_port: u16,
    name: String,
    port: u16,
    folder: TempDir,
}

/// A process and those it started; killed when it is dropped.
struct Group(Child);

impl Group {
    #[track_caller]
    fn start(mut command: Command, log: &Path) -> Self {
        let log = File::options()
            .create(true)
            .append(true)
            .open(log)
            .expect("the folder is ours");
        command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log);
        let started = command.spawn();
        Self(started.unwrap_or_else(|error| panic!("{:?}: {error}; {HOW_TO_GET_IT}", command.get_program())))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let id = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        if let Some(id) = id {
            let _ = kill_process_group(id, Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

impl RabbitMq {
    /// Starts one that listens on 127.0.0.1 only.
    #[track_caller]
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("clavis-rabbitmq-")
            .tempdir()
            .expect("a temporary directory");
        // Erlang's register of names: one of our own, since the machine's would outlive us.
        let names_port = free_port();
        let mut names = Command::new("epmd");
        names.args(["-address", "127.0.0.1", "-port", &names_port.to_string()]);
        let port = free_port();
        // A machine with little room left on its disk is no matter here.
        let settings = format!("listeners.tcp.1 = 127.0.0.1:{port}\ndisk_free_limit.absolute = 1MB\n");
        std::fs::write(folder.path().join("rabbitmq.conf"), settings).expect("the folder is ours");
        let mut broker = Self {
            server: None,
            _names: Group::start(names, &folder.path().join("log")),
            names_port,
            name: format!("clavis{}x{}@localhost", std::process::id(), unique()),
            port,
            folder,
        };
        broker.go_on();
        broker
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// SIGKILL.
    pub(crate) fn stop(&mut self) {
        self.server = None;
    }

    /// Starts it again with what it had.
    #[track_caller]
    pub(crate) fn go_on(&mut self) {
        let place = |name: &str| self.folder.path().join(name);
        let program = if Path::new(DEBIAN).is_file() {
            DEBIAN
        } else {
            "rabbitmq-server"
        };
        let mut server = Command::new(program);
        server.current_dir(self.folder.path());
        for (name, value) in [
            ("HOME", place("")),
            ("RABBITMQ_MNESIA_BASE", place("data")),
            ("RABBITMQ_LOG_BASE", place("logs")),
            ("RABBITMQ_CONFIG_FILE", place("rabbitmq")),
            ("RABBITMQ_ADVANCED_CONFIG_FILE", place("none")),
            ("RABBITMQ_GENERATED_CONFIG_DIR", place("generated")),
            ("RABBITMQ_CONF_ENV_FILE", place("none.env")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", place("plugins")),
            ("RABBITMQ_PID_FILE", place("pid")),
        ] {
            server.env(name, value);
        }
        for (name, value) in [
            ("RABBITMQ_NODENAME", self.name.as_str()),
            ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1"),
            ("RABBITMQ_NODE_PORT", &self.port.to_string()),
            ("RABBITMQ_DIST_PORT", &free_port().to_string()),
            ("ERL_EPMD_ADDRESS", "127.0.0.1"),
            ("ERL_EPMD_PORT", &self.names_port.to_string()),
            (
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-kernel inet_dist_use_interface {127,0,0,1}",
            ),
        ] {
            server.env(name, value);
        }
        let log = place("log");
        self.server = Some(Group::start(server, &log));
        let is_up = within(TO_START, || TcpStream::connect(("127.0.0.1", self.port)).is_ok());
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        assert!(is_up, "RabbitMQ does not start: {}", said());
    }

    /// Somebody who reads these events: exchange and routing key of each.
    #[track_caller]
    pub(crate) fn reader(&self, events: &[(&str, &str)]) -> EventReader {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a thread");
        let url = format!("amqp://guest:guest@127.0.0.1:{}", self.port);
        let listened = runtime.block_on(async {
            let connection = Connection::connect(&url, ConnectionProperties::default()).await?;
            let channel = connection.create_channel().await?;
            let nothing = FieldTable::default;
            let durable = QueueDeclareOptions {
                durable: true,
                ..QueueDeclareOptions::default()
            };
            channel.queue_declare(QUEUE.into(), durable, nothing()).await?;
            for (exchange, key) in events {
                let durable = ExchangeDeclareOptions {
                    durable: true,
                    ..ExchangeDeclareOptions::default()
                };
                let kind = ExchangeKind::Direct;
                channel
                    .exchange_declare((*exchange).into(), kind, durable, nothing())
                    .await?;
                let options = QueueBindOptions::default();
                channel
                    .queue_bind(
                        QUEUE.into(),
                        (*exchange).into(),
                        (*key).into(),
                        options,
                        nothing(),
                    )
                    .await?;
            }
            Ok::<_, lapin::Error>((connection, channel))
        });
        let (connection, channel) = listened.unwrap_or_else(|error| panic!("no reader: {error}"));
        EventReader {
            channel,
            _connection: connection,
            runtime,
        }
    }
}

/// A message as it came.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) exchange: String,
    pub(crate) routing_key: String,
    pub(crate) body: Vec<u8>,
}

/// Reads events in the order in which they come.
pub(crate) struct EventReader {
    channel: Channel,
    _connection: Connection,
    runtime: Runtime,
}

impl EventReader {
    /// The next event, if one comes within a time.
    #[track_caller]
    pub(crate) fn next(&self, time: Duration) -> Option<Message> {
        let mut message = None;
        within(time, || {
            let get = self.channel.basic_get(QUEUE.into(), BasicGetOptions::default());
            let got = self
                .runtime
                .block_on(get)
                .unwrap_or_else(|error| panic!("{error}"));
            let Some(got) = got else {
                return false;
            };
            self.runtime
                .block_on(got.ack(BasicAckOptions::default()))
                .unwrap_or_else(|error| panic!("{error}"));
            message = Some(Message {
                exchange: got.exchange.to_string(),
                routing_key: got.routing_key.to_string(),
                body: got.delivery.data,
            });
            true
        });
        message
    }
}

use std::collections::HashSet;
use std::fmt;

use async_trait::async_trait;
use clavis_flows::{BrokerError, Event, EventBroker};
use clavis_kernel::Secret;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::types::FieldTable;
use lapin::uri::{AMQPAuthority, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, ExchangeKind};
use tokio::sync::Mutex;

/// What a broker keeps over a restart of its own.
const PERSISTENT: u8 = 2;

/// An AMQP 0-9-1 broker, as RabbitMQ, and what it knows us by.
#[derive(Debug, Clone)]
pub struct AmqpServer {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who logs in.
    pub username: String,
    /// With what.
    pub password: Secret,
    /// Whether the connection is encrypted; the machine's certificates say whom to believe.
    pub tls: AmqpTls,
}

/// How a connection to a broker is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmqpTls {
    /// In the clear.
    Off,
    /// TLS from the first byte.
    On,
}

impl AmqpServer {
    fn uri(&self) -> AMQPUri {
        AMQPUri {
            scheme: match self.tls {
                AmqpTls::Off => AMQPScheme::AMQP,
                AmqpTls::On => AMQPScheme::AMQPS,
            },
            authority: AMQPAuthority {
                userinfo: AMQPUserInfo {
                    username: self.username.clone(),
                    password: self.password.expose().to_owned(),
                },
                host: self.host.clone(),
                port: self.port,
            },
            ..AMQPUri::default()
        }
    }
}

/// Publishes events with confirms, over one connection that is made when it is needed and made anew when it broke.
pub struct AmqpBroker {
    server: AmqpServer,
    connected: Mutex<Option<Connected>>,
}

impl fmt::Debug for AmqpBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmqpBroker")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// A connection with one channel, on which exchanges were declared.
struct Connected {
    /// Ends the connection when it is dropped.
    _connection: Connection,
    channel: Channel,
    exchanges: HashSet<&'static str>,
}

impl AmqpBroker {
    /// Publishes to this server; nothing is connected yet.
    pub fn new(server: AmqpServer) -> Self {
        Self {
            server,
            connected: Mutex::new(None),
        }
    }

    async fn connect(&self) -> Result<Connected, lapin::Error> {
        let properties = ConnectionProperties::default().with_connection_name("clavis".into());
        let connection = Connection::connect_uri(self.server.uri(), properties).await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(Connected {
            _connection: connection,
            channel,
            exchanges: HashSet::new(),
        })
    }
}

#[async_trait]
impl EventBroker for AmqpBroker {
    async fn publish(&self, events: &[Event]) -> Result<(), BrokerError> {
        let mut place = self.connected.lock().await;
        // Taken out, so that what fails or is given up halfway is not used again.
        let mut connected = match place.take().filter(|kept| kept.channel.status().connected()) {
            Some(connected) => connected,
            None => self.connect().await.map_err(broken)?,
        };
        connected.publish(events).await?;
        *place = Some(connected);
        Ok(())
    }
}

impl Connected {
    async fn publish(&mut self, events: &[Event]) -> Result<(), BrokerError> {
        let mut confirms = Vec::with_capacity(events.len());
        for event in events {
            self.declare(event.exchange).await.map_err(broken)?;
            let properties = BasicProperties::default()
                .with_content_type("application/json".into())
                .with_delivery_mode(PERSISTENT)
                .with_message_id(event.id.as_str().into());
            let sent = self.channel.basic_publish(
                event.exchange.into(),
                event.routing_key.into(),
                // Nobody has to listen: what is told to no queue is told to nobody.
                BasicPublishOptions::default(),
                event.body.as_bytes(),
                properties,
            );
            confirms.push(sent.await.map_err(broken)?);
        }
        for confirm in confirms {
            if !confirm.await.map_err(broken)?.is_ack() {
                return Err(BrokerError::NotTaken);
            }
        }
        Ok(())
    }

    /// Declares an exchange once: readers may come before or after us.
    async fn declare(&mut self, exchange: &'static str) -> Result<(), lapin::Error> {
        if self.exchanges.contains(exchange) {
            return Ok(());
        }
        let options = ExchangeDeclareOptions {
            durable: true,
            ..ExchangeDeclareOptions::default()
        };
        self.channel
            .exchange_declare(
                exchange.into(),
                ExchangeKind::Direct,
                options,
                FieldTable::default(),
            )
            .await?;
        self.exchanges.insert(exchange);
        Ok(())
    }
}

fn broken(error: lapin::Error) -> BrokerError {
    BrokerError::Unreachable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_shows_neither_in_the_server_nor_in_the_broker() {
        let server = AmqpServer {
            host: "rabbit.example".to_owned(),
            port: 5671,
            username: "clavis".to_owned(),
            password: Secret::new("hunter/2@"),
            tls: AmqpTls::On,
        };
        let uri = server.uri();
        assert_eq!((uri.scheme, uri.vhost.as_str()), (AMQPScheme::AMQPS, "/"));
        assert_eq!(uri.authority.userinfo.password, "hunter/2@");
        assert!(!format!("{server:?} {:?}", AmqpBroker::new(server.clone())).contains("hunter"));
    }
}

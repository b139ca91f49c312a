use std::sync::Arc;

use clavis_delivery::{AmqpBroker, AmqpServer, AmqpTls, EventPolicy, EventWorker};
use clavis_http::dialects::barong::Events;
use clavis_kernel::{Dialect, EntropyExt as _, Secret, TellerId};

use crate::config::{ConfigError, Settings};
use crate::installation::Installation;

/// Who is told of accounts in Barong's words.
pub(crate) struct EventSetup {
    server: AmqpServer,
    voice: Events,
}

impl EventSetup {
    /// What the settings say; `None` where nobody is told.
    pub(crate) fn new(settings: &Settings) -> Result<Option<Self>, ConfigError> {
        let barong = &settings.dialects.barong;
        let voice = Events::open(barong).map_err(|error| ConfigError::within("dialects.barong", error))?;
        let Some((voice, host)) = voice.zip(barong.event_api_rabbitmq_host.clone()) else {
            return Ok(None);
        };
        let (tls, usual_port) = if barong.event_api_rabbitmq_tls {
            (AmqpTls::On, 5671)
        } else {
            (AmqpTls::Off, 5672)
        };
        let password = &barong.event_api_rabbitmq_password;
        let server = AmqpServer {
            host,
            port: barong.event_api_rabbitmq_port.unwrap_or(usual_port),
            username: barong.event_api_rabbitmq_username.clone(),
            password: password.clone().unwrap_or_else(|| Secret::new("guest")),
            tls,
        };
        Ok(barong.enabled.then_some(Self { server, voice }))
    }

    pub(crate) fn worker(self, installation: &Installation) -> EventWorker {
        EventWorker {
            store: Arc::clone(&installation.store),
            broker: Arc::new(AmqpBroker::new(self.server)),
            voice: Arc::new(self.voice),
            dialect: Dialect::Barong,
            levels: installation.limits.kyc.levels.clone(),
            clock: Arc::clone(&installation.clock),
            teller: TellerId(installation.entropy.uuid_v4()),
            policy: EventPolicy::default(),
        }
    }
}

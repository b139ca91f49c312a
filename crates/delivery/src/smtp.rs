mod fault;

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use clavis_flows::OutgoingMail;
use clavis_kernel::{Clock, MailId};
use lettre::Address;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use tokio::time::{Instant, timeout};

use self::fault::fault;
use crate::compose::{Composed, compose};
use crate::{MailError, MailFault, Mailer, Sender, SmtpServer, SmtpStep, TlsUse};

/// How many idle connections are kept, and for how long.
const MAX_IDLE: usize = 4;
const IDLE: Duration = Duration::from_secs(30);

/// Hands mails to an SMTP server, over connections that are used again.
///
/// The connections are driven command by command: only so is it known which refusals are about the mail, and a
/// connection on which an answer is outstanding is never used again.
pub struct SmtpMailer {
    server: SmtpServer,
    sender: Sender,
    roots: Vec<Certificate>,
    tls: OnceLock<TlsParameters>,
    clock: Arc<dyn Clock>,
    step_timeout: Duration,
    idle: Mutex<Vec<Parked>>,
}

struct Parked {
    connection: AsyncSmtpConnection,
    since: Instant,
}

/// Why mails cannot be sent with these settings.
#[derive(Debug, thiserror::Error)]
pub enum SmtpSetupError {
    /// `mail.ca_file` holds no certificate.
    #[error("the file of root certificates holds no certificate in PEM form")]
    NoCertificate,
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl SmtpMailer {
    /// Mails go to this server from this sender; nothing is connected yet. `extra_roots` holds root certificates in
    /// PEM form that are trusted beside the system's.
    pub fn new(
        server: SmtpServer,
        sender: Sender,
        extra_roots: Option<&str>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SmtpSetupError> {
        let roots = extra_roots.map_or(Ok(Vec::new()), certificates)?;
        let step_timeout = Duration::from_secs(30);
        Ok(Self {
            server,
            sender,
            roots,
            tls: OnceLock::new(),
            clock,
            step_timeout,
            idle: Mutex::default(),
        })
    }

    /// The same with another limit than 30 seconds for connecting, and for each answer after that.
    #[must_use]
    pub fn with_step_timeout(self, step_timeout: Duration) -> Self {
        Self { step_timeout, ..self }
    }

    /// A connection on which a mail can begin.
    async fn connection(&self) -> Result<AsyncSmtpConnection, MailFault> {
        while let Some(parked) = self.unpark() {
            let mut connection = parked.connection;
            let fresh = parked.since.elapsed() < IDLE;
            if fresh
                && matches!(
                    timeout(self.step_timeout, connection.command(Rset)).await,
                    Ok(Ok(_))
                )
            {
                return Ok(connection);
            }
        }
        timeout(self.step_timeout, self.connect())
            .await
            .map_err(|_| MailFault::TimedOut(SmtpStep::Connect))?
    }

    fn unpark(&self) -> Option<Parked> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn park(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            idle.push(Parked {
                connection,
                since: Instant::now(),
            });
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, MailFault> {
        let failed = |error| fault(SmtpStep::Connect, &error);
        let at_once = if self.server.tls == TlsUse::Implicit {
            Some(self.tls()?)
        } else {
            None
        };
        let server = (&*self.server.host, self.server.port);
        let client = &self.sender.client;
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(self.step_timeout), client, at_once, None)
                .await
                .map_err(failed)?;
        let upgrade = match self.server.tls {
            TlsUse::Off | TlsUse::Implicit => false,
            TlsUse::Opportunistic => connection.can_starttls(),
            TlsUse::Required if connection.can_starttls() => true,
            TlsUse::Required => return Err(MailFault::NoStartTls),
        };
        if upgrade {
            connection.starttls(self.tls()?, client).await.map_err(failed)?;
        }
        self.log_in(&mut connection).await?;
        Ok(connection)
    }

    /// What TLS needs, made for the first connection: reading the system's roots takes too long for a start.
    fn tls(&self) -> Result<TlsParameters, MailFault> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls.clone());
        }
        // Where any certificate will do there is nothing to be had from an impostor that plain text would not give.
        let any = self.server.tls == TlsUse::Opportunistic;
        let mut tls = TlsParametersBuilder::new(self.server.host.clone())
            .dangerous_accept_invalid_certs(any)
            .dangerous_accept_invalid_hostnames(any);
        for root in &self.roots {
            tls = tls.add_root_certificate(root.clone());
        }
        let tls = tls.build().map_err(|error| fault(SmtpStep::Connect, &error))?;
        Ok(self.tls.get_or_init(|| tls).clone())
    }

    async fn log_in(&self, connection: &mut AsyncSmtpConnection) -> Result<(), MailFault> {
        let Some(credentials) = &self.server.credentials else {
            return Ok(());
        };
        // The URL decided this already; credentials are worth a second look.
        if self.server.tls != TlsUse::Off && !connection.is_encrypted() {
            return Err(MailFault::NoStartTls);
        }
        if connection
            .server_info()
            .get_auth_mechanism(DEFAULT_MECHANISMS)
            .is_none()
        {
            return Err(MailFault::NoAuthentication);
        }
        let credentials =
            Credentials::new(credentials.user.clone(), credentials.password.expose().to_owned());
        let answer = connection.auth(DEFAULT_MECHANISMS, &credentials).await;
        answer
            .map_err(|error| fault(SmtpStep::Authenticate, &error))
            .map(drop)
    }

    /// One mail over one connection (RFC 5321 §3.3). Each answer must have the code that fits its command, so that
    /// answers which came out of step are never taken for a mail accepted.
    async fn transact(&self, connection: &mut AsyncSmtpConnection, mail: &Composed) -> Result<(), MailFault> {
        let parameters = parameters(connection, &mail.recipient, &mail.bytes)?;
        let sender = Some(self.sender.mailbox.email.clone());
        self.step(
            SmtpStep::Mail,
            &[250],
            connection.command(Mail::new(sender, parameters)),
        )
        .await?;
        let recipient = Rcpt::new(mail.recipient.clone(), Vec::new());
        self.step(
            SmtpStep::Recipient,
            &[250, 251, 252],
            connection.command(recipient),
        )
        .await?;
        self.step(SmtpStep::Data, &[354], connection.command(Data))
            .await?;
        self.step(SmtpStep::Content, &[250], connection.message(&mail.bytes))
            .await
    }

    async fn step(
        &self,
        step: SmtpStep,
        expected: &[u16],
        answer: impl Future<Output = Result<Response, SmtpError>>,
    ) -> Result<(), MailFault> {
        let answer = timeout(self.step_timeout, answer)
            .await
            .map_err(|_| MailFault::TimedOut(step))?;
        let code = u16::from(answer.map_err(|error| fault(step, &error))?.code());
        if expected.contains(&code) {
            Ok(())
        } else {
            Err(MailFault::BadReply(step))
        }
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, id: MailId, mail: &OutgoingMail) -> Result<(), MailError> {
        let composed = compose(id, mail, &self.sender, self.clock.now())?;
        let mut connection = self.connection().await?;
        let result = self.transact(&mut connection, &composed).await;
        let in_step = match &result {
            Ok(()) => true,
            // 421 says that the server hangs up (RFC 5321 §3.8).
            Err(MailFault::Refused { code, .. }) => *code != 421,
            Err(_) => false,
        };
        if in_step {
            self.park(connection);
        }
        Ok(result?)
    }
}

/// What the server must be told about a mail that is not all ASCII (RFC 6531 §3.4, RFC 6152).
fn parameters(
    connection: &AsyncSmtpConnection,
    recipient: &Address,
    bytes: &[u8],
) -> Result<Vec<MailParameter>, MailFault> {
    let server = connection.server_info();
    let mut parameters = Vec::new();
    if !AsRef::<str>::as_ref(recipient).is_ascii() {
        if !server.supports_feature(Extension::SmtpUtfEight) {
            return Err(MailFault::NotAscii);
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !bytes.is_ascii() && server.supports_feature(Extension::EightBitMime) {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(parameters)
}

fn certificates(pem: &str) -> Result<Vec<Certificate>, SmtpSetupError> {
    let blocks = pem
        .split_inclusive("-----END CERTIFICATE-----")
        .filter(|block| block.contains("-----BEGIN"));
    let roots: Vec<_> = blocks
        .map(|block| Certificate::from_pem(block.trim_start().as_bytes()))
        .collect::<Result<_, _>>()
        .map_err(|_| SmtpSetupError::NoCertificate)?;
    if roots.is_empty() {
        Err(SmtpSetupError::NoCertificate)
    } else {
        Ok(roots)
    }
}

//! Mail, texts and events over real sockets, against servers that can be told to misbehave.

#[cfg(test)]
mod behaviour;
#[cfg(test)]
mod certificate;
#[cfg(test)]
mod doubles;
#[cfg(test)]
mod events;
#[cfg(test)]
mod files;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod log;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod sink;
#[cfg(test)]
mod smtp;
#[cfg(test)]
mod text_files;
#[cfg(test)]
mod texts;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod wire;
#[cfg(test)]
mod world;

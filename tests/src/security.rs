//! Attacks, and what must come of them. Each runs at every dialect that has the concept.

mod browser;
mod disclosure;
mod forgery;
mod recovery;
mod sessions;
mod throttle;

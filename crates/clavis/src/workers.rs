use std::sync::Arc;
use std::time::Duration;

use clavis_flows::Flows;
use clavis_http::RingHandle;
use clavis_kernel::StoreError;
use clavis_tokens::KeyPolicy;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;
use tokio::time::interval;

use crate::installation::{self, Installation, OpenError};

/// How soon another process's new keys are noticed.
const KEYS_EVERY: Duration = Duration::from_secs(5);
/// How often measured times are summed up: until then each takes memory.
const METRICS_EVERY: Duration = Duration::from_secs(5);
/// How often the age of keys is looked at.
const AGE_EVERY: Duration = Duration::from_hours(1);
/// How often what is over is deleted.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// Most rows of a kind deleted in one transaction, so that nobody waits for it.
const SWEEP_LIMIT: u32 = 1_000;
/// Most accounts whose level is computed in one transaction, so that nobody waits for it.
const LEVELS_LIMIT: u32 = 100;

/// Reads the signing keys again and again.
pub(crate) async fn keep_keys_fresh(ring: RingHandle, mut stop: watch::Receiver<bool>) {
    let mut ticks = interval(KEYS_EVERY);
    ticks.tick().await;
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = ring.reload().await {
            tracing::warn!(%error, "the signing keys could not be read again; those in force stay");
        }
    }
}

/// Sums up measured times, whether or not anybody reads the metrics.
pub(crate) async fn sum_up_metrics(metrics: PrometheusHandle, mut stop: watch::Receiver<bool>) {
    let mut ticks = interval(METRICS_EVERY);
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            _ = ticks.tick() => metrics.run_upkeep(),
        }
    }
}

/// Replaces the provider's keys when they come of age.
pub(crate) async fn rotate_aged_keys(
    installation: Arc<Installation>,
    policy: KeyPolicy,
    mut stop: watch::Receiver<bool>,
) {
    let mut ticks = interval(AGE_EVERY);
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            _ = ticks.tick() => {}
        }
        match rotate(&installation, &policy).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "signing keys came of age and were replaced"),
            Err(error) => tracing::warn!(%error, "signing keys could not be replaced"),
        }
    }
}

async fn rotate(installation: &Installation, policy: &KeyPolicy) -> Result<usize, OpenError> {
    let records = clavis_flows::read(installation.store.as_ref(), |ports| {
        clavis_tokens::SigningKeys::all(ports)
    })
    .await?;
    let now = installation.clock.now();
    let aged = Flows::aged_keys(&records, policy, now);
    if aged.is_empty() {
        return Ok(0);
    }
    let fresh = installation::generate(aged).await?;
    let (count, signs_from) = (fresh.len(), now + policy.publish_ahead);
    installation
        .transaction(move |on| on.replace_keys(&fresh, signs_from))
        .await?;
    Ok(count)
}

/// Deletes what is over.
pub(crate) async fn sweep(installation: Arc<Installation>, mut stop: watch::Receiver<bool>) {
    let mut ticks = interval(SWEEP_EVERY);
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            _ = ticks.tick() => {}
        }
        match sweep_once(&installation).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "rows whose time is over were deleted"),
            Err(error) => tracing::warn!(%error, "rows whose time is over could not be deleted"),
        }
    }
}

async fn sweep_once(installation: &Installation) -> Result<u64, StoreError> {
    let now = installation.clock.now();
    clavis_flows::write(installation.store.as_ref(), move |ports| {
        ports.sweep(now, SWEEP_LIMIT)
    })
    .await
}

/// Computes the levels anew that were computed with another table than the one that is set now.
pub(crate) async fn recompute_levels(installation: Arc<Installation>, stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match installation
            .transaction(|on| on.recompute_levels(LEVELS_LIMIT))
            .await
        {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                // Whoever shows a level computes it: those that are kept, for looking people up by them, stay old.
                tracing::warn!(%error, "levels could not be computed anew");
                return;
            }
        }
    }
}

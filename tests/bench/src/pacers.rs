//! How fast other clients send: how each reacts to a success and to a throttled response.

/// A rate in calls per second, which time and responses change. Times are seconds since the start.
pub(crate) trait Pacer {
    /// Calls per second from now on.
    fn rate(&mut self, now: f64) -> f64;
    /// A call was sent.
    fn sent(&mut self, _now: f64) {}
    /// A response came, throttled or not.
    fn handle_response(&mut self, now: f64, throttled: bool);
}

/// A constant rate.
pub(crate) struct Fixed(pub(crate) f64);

impl Pacer for Fixed {
    fn rate(&mut self, _now: f64) -> f64 {
        self.0
    }

    fn handle_response(&mut self, _now: f64, _throttled: bool) {}
}

/// Additive increase, multiplicative decrease: one call per second more in each window of 20 s, half after a throttled
/// call.
pub(crate) struct Aimd {
    rate: f64,
    halved: f64,
}

impl Aimd {
    pub(crate) fn new() -> Self {
        Self {
            rate: 5.0,
            halved: f64::MIN,
        }
    }
}

impl Pacer for Aimd {
    fn rate(&mut self, _now: f64) -> f64 {
        self.rate
    }

    fn handle_response(&mut self, now: f64, throttled: bool) {
        if !throttled {
            self.rate += 1.0 / (20.0 * self.rate);
        } else if now - self.halved > 1.0 {
            // All that is throttled within a second counts as one event.
            self.rate = (self.rate / 2.0).max(0.5);
            self.halved = now;
        }
    }
}

/// The client rate limiter of the AWS SDKs' adaptive retry mode: CUBIC with beta 0.7 and a scale of 0.4, never more
/// than twice the measured rate.
pub(crate) struct Cubic {
    rate: f64,
    enabled: bool,
    last_max: f64,
    throttled_at: f64,
    measured: f64,
    bucket: f64,
    count: f64,
}

impl Cubic {
    const BETA: f64 = 0.7;
    const SCALE: f64 = 0.4;
    const SMOOTH: f64 = 0.8;

    pub(crate) fn new() -> Self {
        Self {
            rate: 0.5,
            enabled: false,
            last_max: 0.0,
            throttled_at: 0.0,
            measured: 0.0,
            bucket: 0.0,
            count: 0.0,
        }
    }

    /// How long it takes to get back to the last maximum, in seconds.
    fn window(&self) -> f64 {
        (self.last_max * (1.0 - Self::BETA) / Self::SCALE).cbrt()
    }
}

impl Pacer for Cubic {
    fn rate(&mut self, _now: f64) -> f64 {
        // Until the first throttled response, only the number of requests in flight is limited.
        if self.enabled { self.rate } else { 1_000.0 }
    }

    fn sent(&mut self, now: f64) {
        let bucket = (now * 2.0).floor() / 2.0;
        self.count += 1.0;
        if bucket > self.bucket {
            let rate = self.count / (bucket - self.bucket);
            self.measured = rate * Self::SMOOTH + self.measured * (1.0 - Self::SMOOTH);
            (self.count, self.bucket) = (0.0, bucket);
        }
    }

    fn handle_response(&mut self, now: f64, throttled: bool) {
        let rate = if throttled {
            let rate = if self.enabled {
                self.measured.min(self.rate)
            } else {
                self.measured
            };
            self.last_max = rate;
            self.throttled_at = now;
            self.enabled = true;
            rate * Self::BETA
        } else {
            let after = now - self.throttled_at - self.window();
            Self::SCALE * after.powi(3) + self.last_max
        };
        self.rate = rate.min(2.0 * self.measured).max(0.5);
    }
}

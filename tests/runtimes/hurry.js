// Lets the component's monotonic clock run faster, so that a test need not wait for a minute. It is next to confine.js,
// which it loads as the service does.

import process from "node:process";
import { monotonicClock } from "@bytecodealliance/preview2-shim/clocks";
import "./confine.js";

const speed = BigInt(process.env.CLOCK_SPEED);
const start = process.hrtime.bigint();
const { subscribeInstant, subscribeDuration } = monotonicClock;
monotonicClock.now = () => start + (process.hrtime.bigint() - start) * speed;
monotonicClock.now[Symbol.for("cabiLower")] = () => monotonicClock.now;
monotonicClock.subscribeInstant = (instant) => subscribeInstant(start + (BigInt(instant) - start) / speed);
monotonicClock.subscribeDuration = (duration) => subscribeDuration(BigInt(duration) / speed);

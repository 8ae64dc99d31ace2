// A softphone's page around the real library: tests/calls_spokes.rs calls it and reads what happened.
import HeadsetService from 'softphone-vendor-headsets';

const quiet = () => {};
const logger = { debug: quiet, info: quiet, log: quiet, warn: quiet, error: quiet };
const service = HeadsetService.getInstance({ logger, appName: 'calls-spokes' });
const events = [];
service.headsetEvents$.subscribe(({ event, payload }) => {
  // The payload of a change of implementation is the implementation: too much to hand over.
  const { conversationId, holdRequested, isMuted } = payload ?? {};
  const status = typeof payload === 'string' ? payload : undefined;
  events.push({ event, at: performance.timeOrigin + performance.now(), conversationId, holdRequested, isMuted, status });
});
window.softphone = { service, events };

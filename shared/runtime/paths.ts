/** Listening ports, all on loopback unless configured: northbound, agent sync, enrolment, MQTT. */
export const defaultPorts = { northbound: 9999, sync: 9990, enroll: 9991, mqtt: 9992 } as const;

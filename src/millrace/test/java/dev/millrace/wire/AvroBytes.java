package dev.millrace.wire;

import org.apache.avro.specific.SpecificRecord;

/** Values of any Avro record, for tests of what producers must not send: the rules of events are not checked. */
public final class AvroBytes {

    private AvroBytes() {}

    public static byte[] encode(AvroWire wire, String topic, SpecificRecord value) {
        return wire.encode(topic, value);
    }

    public static <T extends SpecificRecord> T decode(AvroWire wire, Class<T> type, byte[] bytes) {
        return wire.decode(type, bytes);
    }
}

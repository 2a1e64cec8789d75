package dev.millrace.attribute;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.api.java.typeutils.TupleTypeInfo;

/** A record of an input topic, not decoded yet: index of its topic, user, event time, value; a tombstone's value is empty. */
@SuppressWarnings("unchecked") // Flink's tuples override a generic method
public final class SourceEvent extends Tuple4<Integer, String, Long, byte[]> {

    public static final int EXPOSURE = 0;
    public static final int CLICK = 1;
    public static final int USER = 2;

    public static final TypeInformation<SourceEvent> TYPE = new TupleTypeInfo<>(
            SourceEvent.class, Types.INT, Types.STRING, Types.LONG, Types.PRIMITIVE_ARRAY(Types.BYTE));

    /** For Flink, which makes an empty one to read into. */
    public SourceEvent() {}

    /** @param time epoch milliseconds */
    public SourceEvent(int topic, String user, long time, byte[] value) {
        super(topic, user, time, value);
    }

    int topic() {
        return f0;
    }

    public String user() {
        return f1;
    }

    long time() {
        return f2;
    }

    byte[] value() {
        return f3;
    }
}

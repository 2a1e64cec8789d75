package dev.millrace.wire;

import dev.millrace.avro.OperatorActionRecord;
import dev.millrace.operation.Operator;
import dev.millrace.operation.OperatorAction;
import dev.millrace.state.Utf8;
import java.util.Arrays;
import java.util.Optional;

/** The records of the topic operator-actions, keyed by target. Safe for threads. */
public final class OperatorActionRecords {

    private final AvroWire wire;

    public OperatorActionRecords(AvroWire wire) {
        this.wire = wire;
    }

    /** The action; absent for a tombstone, and for one that only another version knows. */
    public Optional<OperatorAction> decode(TopicRecord record) {
        return record.value()
                .flatMap(value -> wire.decode(OperatorActionRecord.class, value, OperatorActionRecords::toCore));
    }

    public static byte[] key(OperatorAction action) {
        return Utf8.bytes(action.target());
    }

    public byte[] encode(String topic, OperatorAction action) {
        return wire.encode(
                topic,
                OperatorActionRecord.newBuilder()
                        .setAction(action.kind().name())
                        .setTarget(action.target())
                        .setResult(action.result().name())
                        .setDetail(action.detail())
                        .setAt(FeatureCodec.instant(action.at()))
                        .setBy(action.by().name())
                        .setMeans(action.by().means())
                        .setAddress(action.by().address())
                        .setClientId(action.by().clientId())
                        .build());
    }

    private static Optional<OperatorAction> toCore(OperatorActionRecord record) {
        return constant(OperatorAction.Kind.values(), record.getAction()).flatMap(kind -> constant(
                        OperatorAction.Result.values(), record.getResult())
                .map(result -> new OperatorAction(
                        kind,
                        record.getTarget(),
                        result,
                        record.getDetail(),
                        record.getAt().toEpochMilli(),
                        new Operator(record.getBy(), record.getMeans(), record.getAddress(), record.getClientId()))));
    }

    private static <E extends Enum<E>> Optional<E> constant(E[] all, String name) {
        return Arrays.stream(all).filter(each -> each.name().equals(name)).findFirst();
    }
}

package dev.millrace.wire;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.apache.avro.AvroRuntimeException;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a record in the order of today's schema, described once: each call writes a field of a value, or reads it.
 *
 * @param <T> the value
 */
final class RecordForm<T> {

    static final Function<RecordForm<String>, String> TEXT = form -> form.text(text -> text);
    static final Function<RecordForm<Integer>, Integer> INTEGER = form -> form.integer(number -> number);
    static final Function<RecordForm<Long>, Long> LONG = form -> form.longInteger(number -> number);
    static final Function<RecordForm<Double>, Double> NUMBER = form -> form.number(number -> number);

    private final @Nullable T value;
    private final @Nullable RecordEncoder to;
    private final @Nullable RecordDecoder from;

    private RecordForm(@Nullable T value, @Nullable RecordEncoder to, @Nullable RecordDecoder from) {
        this.value = value;
        this.to = to;
        this.from = from;
    }

    private interface Reading<V> {
        V of(RecordDecoder from) throws IOException;
    }

    static <T> void write(RecordEncoder to, T value, Function<RecordForm<T>, ?> fields) {
        Object unused = fields.apply(new RecordForm<>(value, to, null)); // it is written
    }

    static <T, R> R read(RecordDecoder from, Function<RecordForm<T>, R> fields) {
        return fields.apply(new RecordForm<>(null, null, from));
    }

    String text(Function<T, String> of) {
        return field(of, RecordEncoder::text, RecordDecoder::readString);
    }

    int integer(Function<T, Integer> of) {
        return field(of, (out, number) -> out.longInteger(number), RecordDecoder::readInt);
    }

    long longInteger(Function<T, Long> of) {
        return field(of, RecordEncoder::longInteger, RecordDecoder::readLong);
    }

    double number(Function<T, Double> of) {
        return field(of, RecordEncoder::number, RecordDecoder::readDouble);
    }

    float smallNumber(Function<T, Float> of) {
        return field(of, RecordEncoder::smallNumber, RecordDecoder::readFloat);
    }

    float[] smallNumbers(Function<T, float[]> of) {
        return field(of, RecordEncoder::smallNumbers, RecordDecoder::readFloats);
    }

    boolean flag(Function<T, Boolean> of) {
        return field(of, RecordEncoder::flag, RecordDecoder::readBoolean);
    }

    byte[] bytes(Function<T, byte[]> of) {
        return field(of, RecordEncoder::bytes, RecordDecoder::readBytes);
    }

    <V, R> R part(Function<T, V> of, Function<RecordForm<V>, R> fields) {
        return fields.apply(
                from == null ? new RecordForm<>(of.apply(written()), to, null) : new RecordForm<>(null, null, from));
    }

    <V, R> List<R> list(Function<T, ? extends Collection<V>> of, Function<RecordForm<V>, R> item) {
        if (from != null) {
            return reading(in -> FeatureCodec.list(in, () -> read(in, item)));
        }
        List<R> items = new ArrayList<>();
        RecordEncoder out = requireNonNull(to);
        out.all(of.apply(written()), each -> items.add(item.apply(new RecordForm<>(each, out, null))));
        return items;
    }

    <V, R> SortedMap<String, R> map(Function<T, Map<String, V>> of, Function<RecordForm<V>, R> fields) {
        SortedMap<String, R> map = new TreeMap<>();
        Function<RecordForm<Map.Entry<String, V>>, Map.Entry<String, R>> entry =
                form -> Map.entry(form.text(Map.Entry::getKey), form.part(Map.Entry::getValue, fields));
        list(of.andThen(Map::entrySet), entry).forEach(each -> map.put(each.getKey(), each.getValue()));
        return map;
    }

    /** What may be null. */
    <V, R> Optional<R> optional(Function<T, Optional<V>> of, Function<RecordForm<V>, R> fields) {
        int branch = integer(of.andThen(part -> part.isPresent() ? 1 : 0));
        return switch (branch) {
            case 0 -> Optional.empty();
            case 1 -> Optional.of(part(of.andThen(Optional::orElseThrow), fields));
            default -> throw new AvroRuntimeException("a field that may be null has no branch " + branch);
        };
    }

    /** The constant of a name; absent if only another version knows it. */
    static <E extends Enum<E>> Optional<E> constant(E[] all, Function<E, String> text, String name) {
        return Arrays.stream(all).filter(each -> text.apply(each).equals(name)).findFirst();
    }

    private T written() {
        return requireNonNull(value);
    }

    private <V> V field(Function<T, V> of, BiConsumer<RecordEncoder, V> writing, Reading<V> reading) {
        if (from != null) {
            return reading(reading);
        }
        V field = of.apply(written());
        writing.accept(requireNonNull(to), field);
        return field;
    }

    private <V> V reading(Reading<V> reading) {
        try {
            return reading.of(requireNonNull(from));
        } catch (IOException ended) {
            throw new UncheckedIOException(ended);
        }
    }
}

package dev.millrace.state;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a stored value in their order, told once: the same calls write the value and read it.
 *
 * <p>Each method takes what the field is and returns what it is to be: the same when the value is written, what is stored when it is
 * read. The layout is that of {@link Fields}.
 */
public final class Form {

    private static final Fields NOTHING = new Fields(); // of a form that is read: nothing is written to it

    private final Fields written;
    private final @Nullable ByteBuffer stored;

    private Form(Fields written, @Nullable ByteBuffer stored) {
        this.written = written;
        this.stored = stored;
    }

    /** Returns the framed value that the fields make. */
    public static byte[] written(Consumer<Form> fields) {
        return new Writer().written(fields);
    }

    /** Writes one value after another, in the same memory. One thread. */
    public static final class Writer {

        private final Form form = new Form(new Fields(), null);

        /** As {@link Form#written}. */
        public byte[] written(Consumer<Form> fields) {
            form.written.clear();
            fields.accept(form);
            return form.written.framed();
        }
    }

    /** @throws CorruptEntryException if the value fails its check, or ends amid its fields */
    public static <T> T read(byte[] value, Function<Form, T> fields) {
        try {
            return fields.apply(new Form(NOTHING, Frame.open(value)));
        } catch (BufferUnderflowException ended) {
            throw new CorruptEntryException("an entry ends amid its content");
        }
    }

    /** As {@link #read}, for fields that keep themselves what is read. */
    public static void restore(byte[] value, Consumer<Form> fields) {
        read(value, form -> {
            fields.accept(form);
            return form;
        });
    }

    public int integer(int now) {
        if (stored != null) {
            return stored.getInt();
        }
        written.integer(now);
        return now;
    }

    public long longInteger(long now) {
        if (stored != null) {
            return stored.getLong();
        }
        written.longInteger(now);
        return now;
    }

    /** An integer in as few bytes as it needs, from one to ten. */
    public long shortInteger(long now) {
        if (stored != null) {
            return Fields.shortInteger(stored);
        }
        written.shortInteger(now);
        return now;
    }

    public double number(double now) {
        return Double.longBitsToDouble(longInteger(Double.doubleToRawLongBits(now)));
    }

    public float smallNumber(float now) {
        return Float.intBitsToFloat(integer(Float.floatToRawIntBits(now)));
    }

    public boolean flag(boolean now) {
        return integer(now ? 1 : 0) == 1;
    }

    public String text(String now) {
        if (stored != null) {
            return Fields.text(stored);
        }
        written.text(now);
        return now;
    }

    /** A text whose length is a {@link #shortInteger}. */
    public String shortText(String now) {
        if (stored != null) {
            return Fields.shortText(stored);
        }
        written.shortText(now);
        return now;
    }

    /** Passes over a text of a form that is read. */
    public void skipText() {
        skip(integer(0));
    }

    /** Passes over so many bytes of a form that is read. */
    public void skip(int count) {
        ByteBuffer payload = Objects.requireNonNull(stored);
        if (count < 0 || count > payload.remaining()) {
            throw new CorruptEntryException(
                    "a field has " + count + " bytes, " + payload.remaining() + " bytes are left");
        }
        payload.position(payload.position() + count);
    }

    public float[] floats(float[] now) {
        if (stored != null) {
            return Fields.floats(stored);
        }
        written.floats(now);
        return now;
    }

    /** Floats behind their number, a {@link #shortInteger}; of a form that is read. */
    public float[] shortFloats() {
        return Fields.shortFloats(Objects.requireNonNull(stored));
    }

    /** Replaces the numbers themselves; how many there are is not stored. */
    public void numbers(double[] now) {
        for (int at = 0; at < now.length; at++) {
            now[at] = number(now[at]);
        }
    }

    public List<String> texts(List<String> now) {
        return list(now, "", Form::text);
    }

    /**
     * A number of parts, then the parts.
     *
     * @param empty in place of a part that is read
     * @param fields of a part
     */
    public <T> List<T> list(List<T> now, T empty, BiFunction<Form, T, T> fields) {
        int count = count(now.size());
        if (stored == null) {
            for (T part : now) {
                T unused = fields.apply(this, part); // it is written
            }
            return now;
        }
        List<T> parts = new ArrayList<>();
        for (int at = 0; at < count; at++) {
            parts.add(fields.apply(this, empty));
        }
        return parts;
    }

    /** Returns the number of parts that follow. */
    public int count(int now) {
        int count = integer(now);
        if (stored != null && (count < 0 || count > stored.remaining())) {
            throw new CorruptEntryException(
                    "an entry names " + count + " parts, " + stored.remaining() + " bytes are left");
        }
        return count;
    }

    /** Returns whether more fields follow. Nothing is stored for it: there are more bytes, or not. */
    public boolean goesOn(boolean now) {
        return stored != null ? stored.hasRemaining() : now;
    }

    /** Returns whether the fields are being read. */
    public boolean isRead() {
        return stored != null;
    }
}

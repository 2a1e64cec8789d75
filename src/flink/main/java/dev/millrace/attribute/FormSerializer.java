package dev.millrace.attribute;

import dev.millrace.state.Form;
import java.io.IOException;
import java.io.Serializable;
import java.util.function.Supplier;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.util.InstantiationUtil;
import org.jspecify.annotations.Nullable;

/** Writes values that never change with the codecs that Millrace stores them with, after the number of their bytes. One thread. */
final class FormSerializer<T> extends TypeSerializerSingleton<T> {

    private final Fields<T> fields;
    private final Empty<T> empty;
    private transient Form.@Nullable Writer writer;

    /** Writes the fields of a value, or reads them. */
    interface Fields<T> extends Serializable {
        T of(Form form, T now);
    }

    /** Returns what is read over. */
    interface Empty<T> extends Supplier<T>, Serializable {}

    FormSerializer(Fields<T> fields, Empty<T> empty) {
        this.fields = fields;
        this.empty = empty;
    }

    @Override
    public void serialize(T value, DataOutputView target) throws IOException {
        if (writer == null) {
            writer = new Form.Writer();
        }
        write(writer.written(form -> fields.of(form, value)), target);
    }

    @Override
    public T deserialize(DataInputView source) throws IOException {
        return Form.read(read(source), form -> fields.of(form, empty.get()));
    }

    @Override
    public T deserialize(T reuse, DataInputView source) throws IOException {
        return deserialize(source);
    }

    @Override
    public void copy(DataInputView source, DataOutputView target) throws IOException {
        write(read(source), target);
    }

    @Override
    public T createInstance() {
        return empty.get();
    }

    @Override
    public T copy(T from) {
        return from;
    }

    @Override
    public T copy(T from, T reuse) {
        return from;
    }

    @Override
    public boolean isImmutableType() {
        return true;
    }

    @Override
    public int getLength() {
        return -1; // it varies
    }

    @Override
    public TypeSerializerSnapshot<T> snapshotConfiguration() {
        Snapshot<T> snapshot = new Snapshot<>();
        snapshot.serializer = this;
        return snapshot;
    }

    private static void write(byte[] bytes, DataOutputView target) throws IOException {
        target.writeInt(bytes.length);
        target.write(bytes);
    }

    private static byte[] read(DataInputView source) throws IOException {
        byte[] bytes = new byte[source.readInt()];
        source.readFully(bytes);
        return bytes;
    }

    /** The serializer itself in a checkpoint, for a restore by the same build. */
    public static final class Snapshot<T> implements TypeSerializerSnapshot<T> {

        @SuppressWarnings("NullAway.Init") // set by its serializer, or read
        private TypeSerializer<T> serializer;

        @Override
        public int getCurrentVersion() {
            return 1;
        }

        @Override
        public void writeSnapshot(DataOutputView target) throws IOException {
            write(InstantiationUtil.serializeObject(serializer), target);
        }

        @Override
        public void readSnapshot(int version, DataInputView source, ClassLoader loader) throws IOException {
            try {
                serializer = InstantiationUtil.deserializeObject(read(source), loader);
            } catch (ClassNotFoundException otherBuild) {
                throw new IOException(otherBuild);
            }
        }

        @Override
        public TypeSerializer<T> restoreSerializer() {
            return serializer;
        }

        @Override
        public TypeSerializerSchemaCompatibility<T> resolveSchemaCompatibility(TypeSerializerSnapshot<T> before) {
            return TypeSerializerSchemaCompatibility.compatibleAsIs();
        }
    }
}

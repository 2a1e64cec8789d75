package dev.millrace.state;

import java.util.function.Consumer;

/** The fields of one entry of a state, and whether they changed since they were last drained or restored. One thread. */
public final class StoredFields {

    private final Consumer<Form> fields;
    private boolean isChanged;

    /** @param fields writes and reads them */
    public StoredFields(Consumer<Form> fields) {
        this.fields = fields;
    }

    /** Makes the next drain hand the entry over. */
    public void change() {
        isChanged = true;
    }

    public void changeIf(boolean isNew) {
        isChanged |= isNew;
    }

    /** Puts the entry if it changed. */
    public void drain(byte[] key, EntrySink sink) {
        if (isChanged) {
            sink.put(key, value());
            isChanged = false;
        }
    }

    public byte[] value() {
        return Form.written(fields);
    }

    /** @throws CorruptEntryException if the value is damaged, or ends amid the fields */
    public void restore(byte[] value) {
        Form.restore(value, fields);
        isChanged = false;
    }
}

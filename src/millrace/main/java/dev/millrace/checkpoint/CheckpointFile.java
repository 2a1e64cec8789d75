package dev.millrace.checkpoint;

import dev.millrace.operation.Progress;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import dev.millrace.state.OrderedEntries;
import dev.millrace.train.StepDigest;
import dev.millrace.train.Trainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** A checkpoint as an {@link EntryFile}. */
public final class CheckpointFile {

    static final EntryFile<Checkpoint.Header> FORM = new EntryFile<>(
            "MILLRCKP",
            3, // 2: origin, settings, digest, place in the log; 3: form 3 of the learner's state
            "the build that wrote it reads it; let this one learn from the log",
            CheckpointFile::write,
            CheckpointFile::header);

    private CheckpointFile() {}

    /** Writes a checkpoint under that name, in the place of what was there. */
    public static void write(Path file, Checkpoint checkpoint) throws IOException {
        write(file, checkpoint, unfinished -> {});
    }

    /** @param progress told how many entries were written */
    public static void write(Path file, Checkpoint checkpoint, Progress progress) throws IOException {
        FORM.write(file, checkpoint.header(), checkpoint.entries(), progress, unfinished -> {});
    }

    /** @param beforeRename told of the file when it is written, and not yet under its name */
    public static void write(Path file, Checkpoint checkpoint, Consumer<Path> beforeRename) throws IOException {
        FORM.write(file, checkpoint.header(), checkpoint.entries(), Progress.NONE, beforeRename);
    }

    /**
     * Reads a file to its end.
     *
     * @param into empty; filled with the entries, which are not to be trusted before this returns
     * @throws UnusableCheckpointException if anything is not as it was written
     */
    public static Checkpoint read(Path file, OrderedEntries into) {
        return read(file, into, Progress.NONE);
    }

    /** @param progress told how many entries were read */
    public static Checkpoint read(Path file, OrderedEntries into, Progress progress) {
        return new Checkpoint(read(file, into::put, progress), into);
    }

    /**
     * As {@link #read(Path, OrderedEntries)}, and keeps no entry.
     *
     * @param entry given each key and value; not to be trusted before this returns
     * @param progress told how many entries were read
     */
    public static Checkpoint.Header read(Path file, BiConsumer<byte[], byte[]> entry, Progress progress) {
        return FORM.read(file, entry, progress);
    }

    /**
     * The learner of a checkpoint, to look at.
     *
     * @param file that it was read from
     * @throws UnusableCheckpointException if its entries are not those of the step that it names, or this program has other settings
     */
    public static Trainer toLookAt(Path file, Checkpoint checkpoint) {
        try {
            return checkpoint.toLookAt();
        } catch (CorruptEntryException | InvalidSettingsException other) {
            throw new UnusableCheckpointException(file, String.valueOf(other.getMessage()), other);
        }
    }

    private static void write(Fields fields, Checkpoint.Header header) {
        fields.text(header.origin().source().text())
                .text(header.origin().version())
                .longInteger(header.origin().writtenAt())
                .text(header.lineage().generation())
                .text(header.lineage().settingsHash())
                .text(header.lineage().modelHash())
                .text(header.lineage().fingerprint())
                .longInteger(header.step())
                .text(header.learnt().digest())
                .integer(header.log().isPresent() ? 1 : 0);
        header.log().ifPresent(place -> fields.text(place.topic())
                .integer(place.partition())
                .longInteger(place.offset())
                .text(place.sha256()));
        EntryFile.write(fields, header.settings());
    }

    private static Checkpoint.Header header(ByteBuffer payload) {
        Checkpoint.Origin origin = new Checkpoint.Origin(
                Checkpoint.Source.of(Fields.text(payload)), Fields.text(payload), payload.getLong());
        Lineage lineage =
                new Lineage(Fields.text(payload), Fields.text(payload), Fields.text(payload), Fields.text(payload));
        StepDigest learnt = new StepDigest(payload.getLong(), Fields.text(payload));
        Optional<Checkpoint.LogPlace> log = payload.getInt() == 0
                ? Optional.empty()
                : Optional.of(new Checkpoint.LogPlace(
                        Fields.text(payload), payload.getInt(), payload.getLong(), Fields.text(payload)));
        return new Checkpoint.Header(origin, lineage, learnt, log, EntryFile.texts(payload));
    }
}

package dev.millrace.checkpoint;

import dev.millrace.operation.Progress;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import dev.millrace.state.OrderedEntries;
import dev.millrace.state.Sha256;
import dev.millrace.train.StepDigest;
import dev.millrace.train.Trainer;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * A checkpoint as a file: it appears whole or not at all, and what is read is checked to its last byte.
 *
 * <p>Layout, little-endian: magic (8 bytes); a {@link Frame} of version and header, which names number and
 * bytes of what follows; for each entry, in the unsigned order of the keys, a frame of key length (int32), key and value; SHA-256 of
 * all before (32 bytes); end.
 */
public final class CheckpointFile {

    private static final byte[] MAGIC = "MILLRCKP".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] FIRST = {}; // before every key
    private static final int VERSION =
            3; // 2: origin, settings, digest, place in the log; 3: form 3 of the learner's state
    private static final int FRAME_HEADER_BYTES = 8;
    private static final int SUM_BYTES = 32;
    private static final int LARGEST_FRAME_BYTES = 64 << 20;

    private CheckpointFile() {}

    /** Header and extent of a file that is being read. */
    private record Opening(Checkpoint.Header header, long entries, long bytes) {}

    /** Reads as much of a file as is asked for. */
    private interface Read {
        Checkpoint.Header from(Reading in) throws IOException;
    }

    /** Writes a checkpoint under that name, in the place of what was there. */
    public static void write(Path file, Checkpoint checkpoint) throws IOException {
        write(file, checkpoint, unfinished -> {});
    }

    /** @param progress told how many entries were written */
    public static void write(Path file, Checkpoint checkpoint, Progress progress) throws IOException {
        WholeFile.write(file, out -> write(out, checkpoint, progress));
    }

    /** @param beforeRename told of the file when it is written, and not yet under its name */
    public static void write(Path file, Checkpoint checkpoint, Consumer<Path> beforeRename) throws IOException {
        WholeFile.write(file, out -> write(out, checkpoint, Progress.NONE), beforeRename);
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
        return reading(file, in -> {
            Opening opening = in.opening();
            in.entries(opening, entry, progress);
            return opening.header;
        });
    }

    /**
     * The header alone, for finding out whose file it is; what follows it is not read.
     *
     * @throws UnusableCheckpointException if it does not begin as a checkpoint of this format
     */
    public static Checkpoint.Header header(Path file) {
        return reading(file, in -> in.opening().header);
    }

    private static Checkpoint.Header reading(Path file, Read read) {
        try (InputStream opened = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            Reading reading = new Reading(opened, Files.size(file));
            try {
                return read.from(reading);
            } catch (CorruptEntryException corrupt) {
                throw new UnusableCheckpointException(
                        file, "at byte " + reading.at + ": " + corrupt.getMessage(), corrupt);
            } catch (BufferUnderflowException corrupt) {
                throw new UnusableCheckpointException(
                        file, "at byte " + reading.at + ": a frame holds less than it should", corrupt);
            }
        } catch (NoSuchFileException absent) {
            throw new UnusableCheckpointException(file, "there is no such file", absent);
        } catch (IOException unreadable) {
            throw new UnusableCheckpointException(file, String.valueOf(unreadable.getMessage()), unreadable);
        }
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

    private static void write(OutputStream to, Checkpoint checkpoint, Progress progress) throws IOException {
        long[] extent = extent(checkpoint.entries());
        AtomicLong written = new AtomicLong();
        MessageDigest sum = Sha256.start();
        DigestOutputStream out = new DigestOutputStream(to, sum);
        out.write(MAGIC);
        out.write(header(checkpoint, extent));
        try {
            checkpoint.entries().scan(FIRST, (key, value) -> {
                write(out, key, value);
                progress.reached("written", written.incrementAndGet(), extent[0]);
                return true;
            });
        } catch (UncheckedIOException failed) {
            throw failed.getCause();
        }
        to.write(sum.digest());
    }

    private static void write(OutputStream out, byte[] key, byte[] value) {
        try {
            out.write(Frame.seal(Frame.allocate(Integer.BYTES + key.length + value.length)
                    .putInt(key.length)
                    .put(key)
                    .put(value)));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static byte[] header(Checkpoint checkpoint, long[] extent) {
        Checkpoint.Header header = checkpoint.header();
        Fields fields = new Fields()
                .integer(VERSION)
                .text(header.origin().source().text())
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
        fields.integer(header.settings().size());
        header.settings().forEach((key, value) -> fields.text(key).text(value));
        return fields.longInteger(extent[0]).longInteger(extent[1]).framed();
    }

    /** [2] the number of entries, and their bytes in the file. */
    private static long[] extent(EntrySource entries) {
        long[] extent = new long[2];
        entries.scan(FIRST, (key, value) -> {
            extent[0]++;
            extent[1] += FRAME_HEADER_BYTES + Integer.BYTES + key.length + value.length;
            return true;
        });
        return extent;
    }

    private static Opening opening(ByteBuffer payload) {
        int version = payload.getInt();
        if (version != VERSION) {
            throw new CorruptEntryException("it has format version " + version + ", this program reads " + VERSION
                    + ": the build that wrote it reads it; let this one learn from the log");
        }
        Checkpoint.Origin origin = new Checkpoint.Origin(
                Checkpoint.Source.of(Fields.text(payload)), Fields.text(payload), payload.getLong());
        Lineage lineage =
                new Lineage(Fields.text(payload), Fields.text(payload), Fields.text(payload), Fields.text(payload));
        StepDigest learnt = new StepDigest(payload.getLong(), Fields.text(payload));
        Optional<Checkpoint.LogPlace> log = payload.getInt() == 0
                ? Optional.empty()
                : Optional.of(new Checkpoint.LogPlace(
                        Fields.text(payload), payload.getInt(), payload.getLong(), Fields.text(payload)));
        SortedMap<String, String> settings = new TreeMap<>();
        for (int left = payload.getInt(); left > 0; left--) {
            settings.put(Fields.text(payload), Fields.text(payload));
        }
        return new Opening(
                new Checkpoint.Header(origin, lineage, learnt, log, settings), payload.getLong(), payload.getLong());
    }

    /** A file that is being read, and where. */
    private static final class Reading {

        private final MessageDigest sum = Sha256.start();
        private final DigestInputStream stream;
        private final long size;
        /** Where the part that is being read begins. */
        long at;
        /** Where the last that was read ends. */
        private long end;

        Reading(InputStream opened, long size) {
            this.stream = new DigestInputStream(opened, sum);
            this.size = size;
        }

        Opening opening() throws IOException {
            if (size < MAGIC.length || !Arrays.equals(exactly(MAGIC.length), MAGIC)) {
                throw new CorruptEntryException("it does not begin as a checkpoint");
            }
            return CheckpointFile.opening(frame());
        }

        /** Reads what follows the header, to the end of the file. */
        void entries(Opening opening, BiConsumer<byte[], byte[]> entry, Progress progress) throws IOException {
            long whole = end + opening.bytes + SUM_BYTES;
            if (size != whole) {
                throw new CorruptEntryException("it has " + size + " bytes, its header names " + whole);
            }
            byte[] before = FIRST;
            for (long number = 0; number < opening.entries; number++) {
                ByteBuffer payload = frame();
                int keyBytes = payload.getInt();
                if (keyBytes < 1 || keyBytes > payload.remaining()) {
                    throw new CorruptEntryException("entry " + number + " names a key of " + keyBytes + " bytes");
                }
                byte[] key = new byte[keyBytes];
                payload.get(key);
                byte[] value = new byte[payload.remaining()];
                payload.get(value);
                if (Arrays.compareUnsigned(before, key) >= 0) {
                    throw new CorruptEntryException("entry " + number + " is not in the order of the keys");
                }
                before = key;
                entry.accept(key, value);
                progress.reached("read", number + 1, opening.entries);
            }
            String found = HexFormat.of().formatHex(sum.digest());
            stream.on(false);
            String written = HexFormat.of().formatHex(exactly(SUM_BYTES));
            if (!written.equals(found)) {
                throw new CorruptEntryException("its SHA-256 is " + found + ", it names " + written);
            }
            if (stream.read() >= 0) {
                throw new CorruptEntryException("it goes on after its end");
            }
        }

        /** The payload of the next frame, checked. */
        private ByteBuffer frame() throws IOException {
            byte[] head = exactly(FRAME_HEADER_BYTES);
            long start = at;
            int length = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt();
            if (length < 0 || length > LARGEST_FRAME_BYTES) {
                throw new CorruptEntryException("a frame names " + length + " bytes");
            }
            byte[] payload = exactly(length);
            at = start;
            return Frame.open(ByteBuffer.allocate(head.length + length)
                    .put(head)
                    .put(payload)
                    .array());
        }

        private byte[] exactly(int bytes) throws IOException {
            at = end;
            byte[] read = stream.readNBytes(bytes);
            end += read.length;
            if (read.length < bytes) {
                throw new CorruptEntryException(
                        "it ends early, " + (bytes - read.length) + " bytes before its next part does");
            }
            return read;
        }
    }
}

package dev.millrace.fuzz;

import dev.millrace.checkpoint.Checkpoint;
import dev.millrace.checkpoint.CheckpointFile;
import dev.millrace.checkpoint.Learners;
import dev.millrace.checkpoint.UnusableCheckpointException;
import dev.millrace.state.Frame;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * Checkpoints. The first byte chooses what the rest is: a file; the payloads of a file's frames, each behind its length of two bytes, which
 * are given the right sums; or the payload of one entry of a real learner, whose number is the second byte.
 *
 * <p>A file is refused, and left as it is, or read; then what was read, written, is read as the same.
 */
public final class CheckpointFuzz {

    private static final Path DIRECTORY = Input.directory();
    private static final Path FILE = DIRECTORY.resolve("any.checkpoint");
    private static final byte[] MAGIC = "MILLRCKP".getBytes(StandardCharsets.US_ASCII);
    private static final int FRAME_HEADER_BYTES = 8;
    private static final Checkpoint LEARNER = Learners.checkpoint(2);
    private static final List<byte[]> KEYS =
            List.copyOf(Learners.map(LEARNER.entries()).keySet());

    private CheckpointFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        Input input = new Input(data);
        byte[] rest = input.from(1);
        switch (input.choice(0, 3)) {
            case 0 -> file(rest);
            case 1 -> file(sealed(ByteBuffer.wrap(rest)));
            default -> entry(KEYS.get(input.choice(1, KEYS.size())), input.from(2));
        }
    }

    private static void file(byte[] bytes) throws IOException {
        Files.write(FILE, bytes);
        Checkpoint read;
        try {
            read = CheckpointFile.read(FILE, new MemoryEntries());
        } catch (UnusableCheckpointException refused) {
            Input.require(Arrays.equals(Files.readAllBytes(FILE), bytes), "a refused file stays as it is");
            return;
        }
        look(read);
        CheckpointFile.write(FILE, read);
        Checkpoint again = CheckpointFile.read(FILE, new MemoryEntries());
        Input.require(again.header().equals(read.header()), "the header is read as it was written");
        Input.require(entries(again).equals(entries(read)), "the entries are read as they were written");
    }

    private static void entry(byte[] key, byte[] payload) {
        MemoryEntries entries = new MemoryEntries();
        Learners.map(LEARNER.entries()).forEach(entries::put);
        entries.put(key, Frame.seal(Frame.allocate(payload.length).put(payload)));
        look(new Checkpoint(LEARNER.header(), entries));
    }

    private static void look(Checkpoint checkpoint) {
        try {
            CheckpointFile.toLookAt(FILE, checkpoint);
        } catch (UnusableCheckpointException refused) {
            Input.require(!String.valueOf(refused.getMessage()).isBlank(), "a refusal says why");
        }
    }

    private static List<String> entries(Checkpoint checkpoint) {
        return Learners.map(checkpoint.entries()).entrySet().stream()
                .flatMap(entry -> Stream.of(entry.getKey(), entry.getValue()))
                .map(HexFormat.of()::formatHex)
                .toList();
    }

    /** A file of these payloads. The last two numbers of the first, of entries and bytes, are made right. */
    private static byte[] sealed(ByteBuffer payloads) {
        List<byte[]> parts = new ArrayList<>();
        while (payloads.remaining() >= Short.BYTES) {
            byte[] part = new byte[Math.min(Short.toUnsignedInt(payloads.getShort()), payloads.remaining())];
            payloads.get(part);
            parts.add(part);
        }
        if (!parts.isEmpty() && parts.get(0).length >= 2 * Long.BYTES) {
            byte[] header = parts.get(0);
            long bytes = parts.stream()
                    .skip(1)
                    .mapToLong(part -> part.length + FRAME_HEADER_BYTES)
                    .sum();
            ByteBuffer.wrap(header)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(header.length - 2 * Long.BYTES, parts.size() - 1)
                    .putLong(header.length - Long.BYTES, bytes);
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(MAGIC);
        parts.forEach(
                part -> file.writeBytes(Frame.seal(Frame.allocate(part.length).put(part))));
        file.writeBytes(Sha256.start().digest(file.toByteArray()));
        return file.toByteArray();
    }
}

package dev.millrace.verify;

import dev.millrace.state.CorruptEntryException;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where checkpoints are kept, the newest few. A file appears whole or not at all, whenever the process ends; what is found is
 * checked to its last byte before any of it is used.
 */
final class CheckpointDirectory {

    /** A checked file. */
    record Found(Path file, Checkpoint.Header header, NavigableMap<byte[], byte[]> entries) {}

    private static final Logger LOG = LoggerFactory.getLogger(CheckpointDirectory.class);
    private static final int KEPT = 3;
    private static final String UNFINISHED = ".part";
    private static final Pattern NAME = Pattern.compile("model-(\\d{19})\\.checkpoint");

    private final Path directory;
    private final Checkpoint.Header lineage;
    private final Consumer<Path> beforeRename;

    /**
     * @param lineage that a checkpoint must be of; its step and number of entries do not matter
     * @param beforeRename told of a file that is written, and not yet under its name
     */
    CheckpointDirectory(Path directory, Checkpoint.Header lineage, Consumer<Path> beforeRename) {
        this.directory = directory;
        this.lineage = lineage;
        this.beforeRename = beforeRename;
    }

    /** The newest checkpoint at or before a step that is whole and of this lineage; each other one on the way is named in the log. */
    Optional<Found> newest(long step) {
        List<Long> steps = steps();
        Collections.reverse(steps);
        for (long candidate : steps) {
            if (candidate <= step) {
                Path file = file(candidate);
                try {
                    return Optional.of(read(file, candidate));
                } catch (CorruptEntryException | IOException unusable) {
                    LOG.atWarn()
                            .addKeyValue("file", file)
                            .addKeyValue("found", unusable.getMessage())
                            .log("A checkpoint cannot be used, the one before is tried");
                }
            }
        }
        return Optional.empty();
    }

    /** Writes a checkpoint and lets go of the oldest. */
    Path write(long step, NavigableMap<byte[], byte[]> entries) {
        try {
            Files.createDirectories(directory);
            Path file = file(step);
            Path unfinished = directory.resolve(file.getFileName() + UNFINISHED);
            try (FileOutputStream opened = new FileOutputStream(unfinished.toFile())) {
                OutputStream out = new BufferedOutputStream(opened, 1 << 16);
                Checkpoint.write(out, lineage.at(step, entries.size()), entries);
                out.flush();
                opened.getFD().sync();
            }
            beforeRename.accept(unfinished);
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            syncDirectory();
            tidy();
            return file;
        } catch (IOException failed) {
            throw new UncheckedIOException("checkpoint of step " + step + " in " + directory, failed);
        }
    }

    private Found read(Path file, long step) throws IOException {
        NavigableMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);
        Checkpoint.Header header = Checkpoint.read(file, entries::put);
        lineage.requireSameLineage(header);
        if (header.step() != step) {
            throw new CorruptEntryException("it is of step " + header.step());
        }
        return new Found(file, header, entries);
    }

    private void tidy() throws IOException {
        List<Long> steps = steps();
        for (long old : steps.subList(0, Math.max(0, steps.size() - KEPT))) {
            Files.deleteIfExists(file(old));
        }
        for (Path left : list(path -> path.toString().endsWith(UNFINISHED))) {
            Files.deleteIfExists(left);
        }
    }

    /** Steps that there are files of, ascending. */
    private List<Long> steps() {
        List<Long> steps = new ArrayList<>();
        for (Path file : list(path -> true)) {
            Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
            if (name.matches()) {
                steps.add(Long.parseLong(name.group(1)));
            }
        }
        Collections.sort(steps);
        return steps;
    }

    private List<Path> list(java.util.function.Predicate<Path> wanted) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(wanted).toList();
        } catch (IOException unreadable) {
            throw new UncheckedIOException("checkpoints in " + directory, unreadable);
        }
    }

    private Path file(long step) {
        return directory.resolve("model-%019d.checkpoint".formatted(step));
    }

    private void syncDirectory() throws IOException {
        try (FileChannel opened = FileChannel.open(directory, StandardOpenOption.READ)) {
            opened.force(true);
        }
    }
}

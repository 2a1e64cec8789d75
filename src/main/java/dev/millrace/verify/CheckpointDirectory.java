package dev.millrace.verify;

import dev.millrace.checkpoint.Checkpoint;
import dev.millrace.checkpoint.CheckpointFile;
import dev.millrace.checkpoint.Lineage;
import dev.millrace.checkpoint.UnusableCheckpointException;
import dev.millrace.checkpoint.WholeFile;
import dev.millrace.state.CorruptEntryException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder where audits keep their newest checkpoints. A file appears whole or not at all, whenever the process ends. A
 * checkpoint is checked to its last byte before any of it is used.
 */
final class CheckpointDirectory {

    /** A checkpoint that was checked, and its file. */
    record UsableCheckpoint(Path file, Checkpoint checkpoint) {}

    private static final Logger LOG = LoggerFactory.getLogger(CheckpointDirectory.class);
    private static final int KEPT = 3;
    private static final Pattern NAME = Pattern.compile("model-(\\d{19})\\.checkpoint");

    private final Path directory;
    private final Lineage lineage;
    private final Consumer<Path> beforeRename;

    /**
     * @param lineage that a checkpoint must have
     * @param beforeRename told of a file that is written, before it gets its name
     */
    CheckpointDirectory(Path directory, Lineage lineage, Consumer<Path> beforeRename) {
        this.directory = directory;
        this.lineage = lineage;
        this.beforeRename = beforeRename;
    }

    /** The newest checkpoint, not after that step, that is whole and of this lineage. Logs each newer one that cannot be used. */
    Optional<UsableCheckpoint> newest(long step) {
        List<Long> steps = steps();
        Collections.reverse(steps);
        for (long candidate : steps) {
            if (candidate <= step) {
                Path file = file(candidate);
                try {
                    return Optional.of(read(file, candidate));
                } catch (CorruptEntryException | UnusableCheckpointException unusable) {
                    LOG.atWarn()
                            .addKeyValue("file", file)
                            .addKeyValue("found", unusable.getMessage())
                            .log("A checkpoint cannot be used; trying the one before");
                }
            }
        }
        return Optional.empty();
    }

    /** Writes a checkpoint and deletes the oldest. */
    Path write(Checkpoint checkpoint) {
        long step = checkpoint.header().step();
        try {
            Path file = file(step);
            CheckpointFile.write(file, checkpoint, beforeRename);
            tidy();
            return file;
        } catch (IOException failed) {
            throw new UncheckedIOException("checkpoint of step " + step + " in " + directory, failed);
        }
    }

    private UsableCheckpoint read(Path file, long step) {
        Checkpoint checkpoint = CheckpointFile.read(file);
        Checkpoint.Header header = checkpoint.header();
        lineage.difference(header.lineage()).ifPresent(difference -> {
            throw new CorruptEntryException(difference);
        });
        if (header.origin().source() != Checkpoint.Source.AUDIT) {
            throw new CorruptEntryException(
                    "it was written by a learner; an audit uses only checkpoints that an audit wrote");
        }
        if (header.step() != step) {
            throw new CorruptEntryException("it is of step " + header.step());
        }
        return new UsableCheckpoint(file, checkpoint);
    }

    private void tidy() throws IOException {
        List<Long> steps = steps();
        for (long old : steps.subList(0, Math.max(0, steps.size() - KEPT))) {
            Files.deleteIfExists(file(old));
        }
        for (Path left : list(path -> path.toString().endsWith(WholeFile.UNFINISHED))) {
            Files.deleteIfExists(left);
        }
    }

    /** Steps of the files, ascending. */
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
}

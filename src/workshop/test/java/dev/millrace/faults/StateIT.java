package dev.millrace.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Local state whose disk is full or read-only, that is damaged, or lost. */
@Tag("fault")
@Tag("slow")
class StateIT {

    private static final SeededStream STREAM = new SeededStream(1, 20_000);
    private static final int UNUSABLE_STATE = 74;
    private static final long ROOM_KILOBYTES = 256;
    private static final long GROWN_KILOBYTES = 256 << 10;
    private static final Pattern RESTORED = Pattern.compile("(attribute|learn) ready after [0-9.]+ s, restored (\\d+)");

    @Test
    @Tag("long")
    void f13_aFullDiskIsNamedAndWaitedForUntilItGrows() throws Exception {
        Experiment.sameLog("F13", "state directory: disk full, then grown", STREAM, (run, undisturbed) -> {
            Path state = run.directory().resolve("full");
            long size = kilobytes(run.directory().resolve("state")) + ROOM_KILOBYTES;
            try (SmallDisk disk = SmallDisk.mount(state, size)) {
                disk.fill(run.directory().resolve("state"));
                run.note("state on a disk of " + size + " KB, " + ROOM_KILOBYTES + " KB of it free");

                TrainerProcess trainer = run.train("full");
                String free = trainer.awaitOutput("The disk of local state is full: (\\d+ bytes free at "
                        + Pattern.quote(state.toString()) + "): .*[Nn]o space left on device.*; goes on in \\d+ ms");
                run.note(free + ", at step " + run.step());
                assertThat(run.step()).as("the disk was full too late").isLessThan(undisturbed.step());
                disk.grow(GROWN_KILOBYTES);
                run.note("the disk has grown");
                run.awaitBooks(undisturbed.books());
                run.stopTrainers();

                assertThat(trainer.output()).contains("full").doesNotContain("stops:");
            }
        });
    }

    @Test
    @Tag("long")
    void f14_aReadOnlyDirectoryIsNamedAndNothingIsDone() throws Exception {
        Experiment.sameLog("F14", "state directory: read-only", STREAM, (run, undisturbed) -> {
            Path state = run.directory().resolve("read-only");
            try (SmallDisk disk = SmallDisk.mount(state, GROWN_KILOBYTES)) {
                disk.fill(run.directory().resolve("state"));
                TrainerProcess first = run.train("read-only");
                run.awaitStep(undisturbed.step() / 5);
                first.stop();
                disk.allowWriting(false);
                long step = run.step();
                run.note("read-only, at step " + step);
                assertThat(step).as("nothing is left to go on with").isLessThan(undisturbed.step());

                TrainerProcess refused = run.train("read-only");
                assertThat(refused.awaitExit(Experiment.PATIENCE)).isEqualTo(UNUSABLE_STATE);
                assertThat(refused.output())
                        .contains("state directory " + state + " cannot be used: ", "Read-only file system")
                        .doesNotContain("\tat ");
                assertThat(run.step()).isEqualTo(step);
                disk.allowWriting(true);
                run.note("writable");
                run.train("read-only").awaitReady();
                run.awaitBooks(undisturbed.books());
                run.stopTrainers();
            }
        });
    }

    @Test
    @Tag("long")
    void f16_damagedStateIsFoundAndRestored() throws Exception {
        Experiment.sameLog("F16", "state directory: damaged in five ways", STREAM, (run, undisturbed) -> {
            Path task = run.directory().resolve("state/millrace-learn/0_0");
            Path learner = task.resolve("rocksdb/learner");
            Path attribution = run.directory().resolve("state/millrace-attribute/0_0/rocksdb/attribution-books");
            Map<String, Damage> damages = new TreeMap<>(Map.of(
                    "1 flipped a byte in each SST of the learner", () -> flip(learner, run.random()),
                    "2 deleted CURRENT of the learner", () -> Files.delete(learner.resolve("CURRENT")),
                    "3 truncated MANIFEST of the books", () -> truncate(only(attribution, "MANIFEST")),
                    "4 deleted each SST of the learner", () -> delete(files(learner, ".sst"))));

            run.train();
            int part = 0;
            for (Map.Entry<String, Damage> damage : damages.entrySet()) {
                run.awaitStep(undisturbed.step() * ++part / 7);
                run.stopTrainers();
                damage.getValue().happen();
                run.note(damage.getKey().substring(2) + ", at step " + run.step());
                Path store = damage.getKey().endsWith("books") ? attribution : learner;

                TrainerProcess again = run.train();
                again.awaitReady();
                assertThat(again.output())
                        .as(damage.getKey())
                        .contains("Local state is damaged, removed and will be restored from its changelog: " + store);
                assertThat(restored(again))
                        .as("restored after %s", damage.getKey())
                        .isPositive();
            }

            run.awaitStep(undisturbed.step() * 5 / 7);
            run.stopTrainers();
            for (Path directory : List.of(learner, task, run.directory().resolve("state"))) {
                Files.writeString(directory.resolve("foreign.txt"), "not Millrace's");
                Files.writeString(directory.resolve("000999.sst"), "not a table");
            }
            Files.createDirectories(run.directory().resolve("state/millrace-learn/foreign"));
            Files.writeString(learner.resolve("LOCK"), "of a process that is gone");
            run.note("stale LOCK and foreign files, at step " + run.step());
            TrainerProcess again = run.train();
            again.awaitReady();
            assertThat(again.output()).doesNotContain("Local state is damaged");
            assertThat(restored(again)).as("restored in spite of a whole state").isZero();
        });
    }

    @Test
    @Tag("long")
    void f17_lostStateIsRestored() throws Exception {
        Experiment.sameLog("F17", "state directory: rm -rf while stopped", STREAM, (run, undisturbed) -> {
            run.train();
            run.awaitStep(undisturbed.step() / 4 + run.random().nextInt((int) undisturbed.step() / 2));
            run.stopTrainers();
            deleteTree(run.directory().resolve("state"));
            run.note("state removed, at step " + run.step());
            TrainerProcess again = run.train();
            again.awaitReady();
            assertThat(restored(again)).as("records restored").isPositive();
        });
    }

    /** Something that is done to files. */
    private interface Damage {
        void happen() throws IOException;
    }

    /** Records restored by the first start of both applications. */
    private static long restored(TrainerProcess trainer) {
        Matcher lines = RESTORED.matcher(trainer.output());
        long sum = 0;
        for (int count = 0; count < 2 && lines.find(); count++) {
            sum += Long.parseLong(lines.group(2));
        }
        return sum;
    }

    /** Anywhere in the first three quarters: what is behind is RocksDB's own. */
    private static void flip(Path store, Random random) throws IOException {
        List<Path> tables = files(store, ".sst");
        assertThat(tables).isNotEmpty();
        for (Path table : tables) {
            try (RandomAccessFile file = new RandomAccessFile(table.toFile(), "rw")) {
                long at = random.nextInt((int) (file.length() * 3 / 4));
                file.seek(at);
                int flipped = file.read() ^ 1 << random.nextInt(8);
                file.seek(at);
                file.write(flipped);
            }
        }
    }

    private static void truncate(Path file) throws IOException {
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
            open.setLength(open.length() / 2);
        }
    }

    private static void delete(List<Path> files) throws IOException {
        assertThat(files).isNotEmpty();
        for (Path file : files) {
            Files.delete(file);
        }
    }

    private static Path only(Path directory, String named) throws IOException {
        List<Path> found = files(directory, named);
        assertThat(found).hasSize(1);
        return found.get(0);
    }

    private static List<Path> files(Path directory, String named) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().contains(named))
                    .sorted()
                    .toList();
        }
    }

    private static void deleteTree(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            delete(files.sorted(Comparator.reverseOrder()).toList());
        }
    }

    /** What files take on disk, in pages of the size of a tmpfs's. */
    private static long kilobytes(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.map(Path::toFile)
                    .mapToLong(file -> file.isDirectory() ? 0 : (file.length() + 4095) / 4096 * 4)
                    .sum();
        }
    }
}

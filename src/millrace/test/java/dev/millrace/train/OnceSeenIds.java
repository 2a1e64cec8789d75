package dev.millrace.train;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.EntrySink;
import dev.millrace.state.MemoryEntries;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Attribution and trainer in one JVM, fed with users and items that each come once: {@code main(ids, key=value …)} prints what
 * they hold, ten times on the way.
 */
final class OnceSeenIds {

    private static final long TIME = 1_700_000_000_000L;
    private static final long MILLIS_AN_ID = 200;
    private static final int STEPS_A_COMMIT = 20;
    private static final int REPORTS = 10;

    private final Sizes stored = new Sizes();
    private final MemoryEntries entries = new MemoryEntries();
    private final Trainer trainer;
    private final Attribution attribution;
    private int openSteps;
    private long usersTold;

    private OnceSeenIds(SettingsReader reader) {
        trainer = new Trainer(TrainerSettings.read(reader));
        attribution = new Attribution(AttributionSettings.read(reader), entries, new Attribution.Output() {
            @Override
            public void example(TrainingExample example) {
                learn(example);
            }

            @Override
            public void userFeatures(UserFeatures user) {
                usersTold++;
            }

            @Override
            public void userRemoved(String user) {
                usersTold--;
            }
        });
    }

    public static void main(String[] args) {
        long ids = Long.parseLong(args[0]);
        Map<String, String> settings = new HashMap<>();
        Arrays.stream(args)
                .skip(1)
                .map(setting -> setting.split("=", 2))
                .forEach(each -> settings.put(each[0], each[1]));
        OnceSeenIds run = new OnceSeenIds(new SettingsReader(settings));
        for (long id = 0; id < ids; id++) {
            run.seeOnce(id);
            if ((id + 1) % (ids / REPORTS) == 0) {
                run.report(id + 1);
            }
        }
    }

    private void seeOnce(long id) {
        long time = TIME + id * MILLIS_AN_ID;
        String user = "user-" + id;
        String item = "item-" + id;
        attribution.expose(new Exposure("e" + id, user, item, time, 0, Features.NONE));
        attribution.click(
                new Click("c" + id, user, item, Optional.of("e" + id), "click", 1, time + 100, 0, Features.NONE));
    }

    private void learn(TrainingExample example) {
        trainer.add(example);
        if (!trainer.isBatchReady()) {
            return;
        }
        trainer.learn(trainer.closeBatch());
        openSteps++;
        if (openSteps == STEPS_A_COMMIT) {
            openSteps = 0;
            trainer.publish();
            trainer.drainDirty(stored);
            attribution.drainDirty(stored);
        }
    }

    private void report(long ids) {
        System.gc();
        TrainingProgress progress = trainer.progress();
        int[] users = {0};
        entries.scan(new byte[0], (key, value) -> ++users[0] > 0);
        System.out.printf(
                Locale.ROOT,
                "ids %d: heap %d, learner entries %d of %d bytes, user entries %d, rows %d, expired %d,"
                        + " displaced %d, waiting %d, items %d, users told %d%n",
                ids,
                ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
                stored.sizes.size(),
                stored.bytes,
                users[0],
                progress.rows().rows(),
                progress.rows().expired(),
                progress.rows().displaced(),
                progress.rows().waiting(),
                progress.items(),
                usersTold);
    }

    /** Sizes of the entries that a store would hold. */
    private static final class Sizes implements EntrySink {

        private final Map<String, Integer> sizes = new HashMap<>();
        private long bytes;

        @Override
        public void put(byte[] key, byte[] value) {
            Integer before = sizes.put(name(key), key.length + value.length);
            bytes += key.length + value.length - (before == null ? 0 : before);
        }

        @Override
        public void delete(byte[] key) {
            Integer before = sizes.remove(name(key));
            bytes -= before == null ? 0 : before;
        }

        private static String name(byte[] key) {
            return new String(key, java.nio.charset.StandardCharsets.ISO_8859_1);
        }
    }
}

package dev.millrace.train;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.MemoryEntries;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.Optional;

/**
 * Attribution and trainer in one JVM, which take a user and an item in and forget both: {@code main(prefix, user, item)}, the ids
 * written backwards, so that they are nowhere but where these keep them. Dumps the live heap when they are known, when both are
 * removed, and when all that belongs to others has ended.
 */
public final class ErasedIds implements Attribution.Output {

    private static final long TIME = 1_700_000_000_000L;
    private static final long DAY = 86_400_000L;
    private static final int ROUNDS = 8;

    private final MemoryEntries stored = new MemoryEntries();
    private final Trainer trainer;
    private final Attribution attribution;
    private int events;

    private ErasedIds(SettingsReader reader) {
        trainer = new Trainer(TrainerSettings.read(reader));
        attribution = new Attribution(AttributionSettings.read(reader), new MemoryEntries(), this);
    }

    public static void main(String[] args) throws IOException {
        ErasedIds run = new ErasedIds(new SettingsReader(Map.of(
                "batch.size", "4",
                "batch.negatives", "4",
                "tower.dim", "8",
                "attribution.window", "60s",
                "attribution.deduplication-window", "1h",
                "catalogue.removal-memory", "2h")));
        run.takeIn(args[1], args[2]);
        dump(args[0] + "-known.hprof");
        run.remove(args[1], args[2]);
        dump(args[0] + "-removed.hprof");
        run.goOn();
        dump(args[0] + "-later.hprof");
        System.out.println("learnt " + run.trainer.step() + " steps");
    }

    /** Both in each role they can have: known, shown, clicked, a negative, in a history, waiting, open. */
    private void takeIn(String userBackwards, String itemBackwards) {
        String user = backwards(userBackwards);
        String item = backwards(itemBackwards);
        for (int number = 0; number < 6; number++) {
            trainer.change(new CatalogueChange.Upsert(new CatalogueItem("stays-" + number, TIME, Features.NONE)));
        }
        // the last one, so that what is made of all items without it is shorter
        trainer.change(new CatalogueChange.Upsert(new CatalogueItem(item, TIME, Features.NONE)));
        for (int round = 0; round < ROUNDS; round++) {
            long time = TIME + round * 10_000L;
            see(user, item, time, true);
            see("other-" + round % 3, "stays-" + round % 6, time + 1000, true);
            see("other-" + round % 3, item, time + 2000, false); // open, of another user
        }
        attribution.click(click(user, "stays-1", TIME + ROUNDS * 10_000L)); // waits
        commit();
    }

    private void remove(String userBackwards, String itemBackwards) {
        attribution.removeUser(backwards(userBackwards));
        trainer.change(new CatalogueChange.Removal(backwards(itemBackwards), TIME + ROUNDS * 10_000L));
        for (int round = 0; round < ROUNDS; round++) {
            see("other-" + round % 3, "stays-" + round % 6, TIME + ROUNDS * 10_000L + round, true);
        }
        commit();
    }

    private void goOn() {
        for (int round = 0; round < 2 * ROUNDS; round++) {
            see("other-" + round % 3, "stays-" + round % 6, TIME + DAY + round * 3_600_000L, true);
        }
        commit();
    }

    private void see(String user, String item, long time, boolean isClicked) {
        attribution.expose(new Exposure("e" + events++, user, item, time, 0, Features.NONE));
        if (isClicked) {
            attribution.click(click(user, item, time + 1));
        }
    }

    private Click click(String user, String item, long time) {
        return new Click("c" + events++, user, item, Optional.empty(), "click", 1, time, 0, Features.NONE);
    }

    /** What is open is learnt too: a removal takes effect with its batch. */
    private void commit() {
        if (trainer.hasOpenWork()) {
            trainer.learn(trainer.closeBatch());
        }
        trainer.publish();
        trainer.drainDirty(stored);
        attribution.drainDirty(stored);
    }

    @Override
    public void example(TrainingExample example) {
        trainer.add(example);
        if (trainer.isBatchReady()) {
            trainer.learn(trainer.closeBatch());
        }
    }

    @Override
    public void userFeatures(UserFeatures user) {}

    @Override
    public void userRemoved(String user) {
        trainer.removeUser(user);
    }

    private static String backwards(String id) {
        return new StringBuilder(id).reverse().toString();
    }

    private static void dump(String file) throws IOException {
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).dumpHeap(file, true);
    }
}

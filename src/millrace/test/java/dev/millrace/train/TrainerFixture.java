package dev.millrace.train;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Books;
import dev.millrace.state.EntrySink;
import dev.millrace.state.InputTopic;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Settings, examples and stored entries that the tests of the {@link Trainer} share. */
final class TrainerFixture {

    static final long TIME = 1_700_000_000_000L;
    static final int SWEEP = 10;

    private TrainerFixture() {}

    /** @param extra key, value, key, value … */
    static TrainerSettings settings(String... extra) {
        Map<String, String> given = new HashMap<>(Map.of(
                "batch.size", "8",
                "batch.negatives", "16",
                "batch.max-changes", "50",
                "tower.dim", "8",
                "tower.user.hidden", "8",
                "tower.item.hidden", "8",
                "features.user", "history",
                "features.item", "item",
                "publish.max-age.steps", Integer.toString(SWEEP),
                "digest.steps", "5"));
        for (int at = 0; at < extra.length; at += 2) {
            given.put(extra[at], extra[at + 1]);
        }
        return TrainerSettings.read(new SettingsReader(given));
    }

    /** Adds a full batch of examples of random users and items. */
    static void fill(Trainer trainer, int step, SplittableRandom random) {
        for (int at = 0; at < 8; at++) {
            trainer.add(example("e" + step + "-" + at, "i" + random.nextInt(60), random));
        }
    }

    /** An example of a random user with a random history. */
    static TrainingExample example(String id, String item, SplittableRandom random) {
        List<String> history = List.of("i" + random.nextInt(60), "i" + random.nextInt(60));
        return new TrainingExample(
                id,
                new UserFeatures("u" + random.nextInt(20), TIME, Features.NONE, history),
                Features.NONE,
                item,
                "click",
                1,
                TIME,
                0);
    }

    static TrainingExample example(String id, String user, String item, double weight) {
        UserFeatures features = new UserFeatures(user, TIME, Features.NONE, List.of("i3", "i4"));
        return new TrainingExample(id, features, Features.NONE, item, "click", weight, TIME, 0);
    }

    /** An example whose gradient's square is beyond the floats. */
    static TrainingExample heavy(String id) {
        return example(id, "ann", "i1", 1e38);
    }

    static CatalogueChange upsert(String item) {
        return new CatalogueChange.Upsert(new CatalogueItem(item, TIME, Features.NONE));
    }

    static void commit(Trainer trainer, Map<byte[], byte[]> stored) {
        trainer.publish();
        trainer.drainDirty(EntrySink.into(stored));
    }

    static Map<String, String> entries(Trainer trainer, String kinds) {
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        commit(trainer, stored);
        return shown(stored, kinds);
    }

    /** The entries whose key begins with one of the kinds, in a form that can be compared. */
    static Map<String, String> shown(Map<byte[], byte[]> stored, String kinds) {
        Map<String, String> shown = new TreeMap<>();
        stored.forEach((key, value) -> {
            if (kinds.indexOf(key[0]) >= 0) {
                shown.put(Arrays.toString(key), Arrays.toString(value));
            }
        });
        return shown;
    }

    static Books.Account examples(Trainer trainer) {
        return trainer.progress().books().getOrDefault(InputTopic.EXAMPLES.label(), Books.Account.EMPTY);
    }
}

package dev.millrace.serve;

import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.FingerprintMismatchException;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.QueryEncoder;
import dev.millrace.recall.UserEncoder;
import dev.millrace.state.CorruptEntryException;
import java.util.Map;

/**
 * The query side of the one generation that the settings here describe: networks in memory, rows on disk.
 *
 * <p>Entries of other generations are left aside, so their weights never meet; their encoders are never ready. Safe
 * for any number of threads.
 */
public final class ModelFeed implements EncoderFeed {

    private final String generation;
    private final DiskEntries entries;
    private final QueryEncoder encoder;

    /** @param entries keeps the rows, under the keys they come with */
    public ModelFeed(ModelSettings settings, DiskEntries entries) {
        this.generation = settings.generationName();
        this.entries = entries;
        this.encoder = new QueryEncoder(settings, key -> entries.get(key).map(QueryEncoder::row));
    }

    @Override
    public synchronized void update(String from, byte[] key, byte[] value) {
        if (!from.equals(generation)) {
            return;
        }
        if (QueryEncoder.isRow(key)) {
            QueryEncoder.row(value); // checked here once, so that a request never meets a corrupt one
            entries.put(key, value);
            return;
        }
        try {
            encoder.update(key, value);
        } catch (FingerprintMismatchException otherModel) {
            throw new CorruptEntryException(String.valueOf(otherModel.getMessage()));
        }
    }

    @Override
    public synchronized void remove(String from, byte[] key) {
        if (!from.equals(generation)) {
            return;
        }
        if (QueryEncoder.isRow(key)) {
            entries.delete(key);
        } else {
            encoder.remove(key);
        }
    }

    @Override
    public synchronized void refresh() {
        encoder.refresh();
    }

    @Override
    public UserEncoder of(String asked) {
        boolean isOurs = asked.equals(generation);
        return new UserEncoder() {
            @Override
            public boolean isReady() {
                return isOurs && encoder.isReady();
            }

            @Override
            public double temperature() {
                return encoder.temperature();
            }

            @Override
            public boolean encode(
                    UserFeatures user, Features context, Map<String, Double> channelWeights, float[] out) {
                if (!isReady()) {
                    return false;
                }
                encoder.encode(user, context, channelWeights, out);
                return true;
            }
        };
    }
}

package dev.millrace.recall;

import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.QueryEncoder;
import dev.millrace.neighbour.Nearness;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.train.TrainerSettings;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Function;

/** The query side of one learner as an encoder: its user tower, the settings it was made from, and its lists of neighbours. */
public final class ModelEncoder implements UserEncoder {

    private final TrainerSettings settings;
    private final QueryEncoder tower;
    private final Function<String, Optional<NeighbourList>> lists;
    private volatile boolean isEnded;

    /**
     * @param settings of the learner
     * @param tower made from these settings
     * @param lists neighbours by item; many threads ask at once
     */
    public ModelEncoder(TrainerSettings settings, QueryEncoder tower, Function<String, Optional<NeighbourList>> lists) {
        this.settings = settings;
        this.tower = tower;
        this.lists = lists;
    }

    @Override
    public boolean isReady() {
        return !isEnded && tower.isReady();
    }

    /** From now on it encodes nobody, as the entries of its generation are removed. */
    public void end() {
        isEnded = true;
    }

    @Override
    public SortedMap<String, Double> queryWeights() {
        return settings.model().queryWeights();
    }

    @Override
    public List<String> attributes() {
        return settings.publish().attributes();
    }

    @Override
    public double temperature() {
        return tower.temperature();
    }

    @Override
    public PriorWeights prior() {
        return tower.prior();
    }

    @Override
    public boolean isHistoryAnswered() {
        return settings.isHistoryAnswered();
    }

    @Override
    public Map<String, Double> near(List<String> history, long time) {
        Map<String, Double> near = new HashMap<>();
        Nearness.forEach(
                history, lists, settings.neighbours(), time, (item, part) -> near.merge(item, part, Double::sum));
        return near;
    }

    @Override
    public boolean encode(UserFeatures user, Features context, Map<String, Double> channelWeights, float[] out) {
        boolean isReady = isReady();
        if (isReady) {
            tower.encode(user, context, channelWeights, out);
        }
        return isReady;
    }
}

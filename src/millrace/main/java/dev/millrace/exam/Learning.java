package dev.millrace.exam;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.StepReport;
import dev.millrace.model.TwoTower;
import java.util.List;
import java.util.Map;

/** Who encodes the users of a batch, and who learns it. */
public interface Learning {

    /** The model itself does both. */
    Learning BY_THE_MODEL = new Learning() {
        @Override
        public boolean learns(MiniBatch batch) {
            return !batch.examples().isEmpty();
        }

        @Override
        public StepReport learn(MiniBatch batch, TwoTower model) {
            return model.learn(batch);
        }

        @Override
        public void userVectors(
                List<TrainingExample> examples, Map<String, Double> weights, TwoTower model, float[] out) {
            List<UserFeatures> users =
                    examples.stream().map(TrainingExample::user).toList();
            List<Features> contexts =
                    examples.stream().map(TrainingExample::context).toList();
            model.userVectors(users, contexts, weights, out);
        }
    };

    /** Returns whether a batch changes the weights. */
    boolean learns(MiniBatch batch);

    StepReport learn(MiniBatch batch, TwoTower model);

    /**
     * Gives the query vectors of examples' users, as of before the batch.
     *
     * @param weights by channel; a channel that it leaves out has the weight of the settings
     * @param out [examples, dim] row-major, filled
     */
    void userVectors(List<TrainingExample> examples, Map<String, Double> weights, TwoTower model, float[] out);
}

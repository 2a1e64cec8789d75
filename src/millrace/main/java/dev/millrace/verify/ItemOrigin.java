package dev.millrace.verify;

import dev.millrace.publish.ItemEmbedding;
import java.util.Optional;
import java.util.Set;

/** Where the latest vector of an item comes from. */
public sealed interface ItemOrigin {

    /** What to do with each. */
    interface Visitor<T> {
        T visit(NeverPublished item);

        T visit(Removed item);

        T visit(Vector vector);
    }

    <T> T accept(Visitor<T> visitor);

    /** The topic has no record of the item. */
    record NeverPublished(String item, String topic, int partition) implements ItemOrigin {
        @Override
        public <T> T accept(Visitor<T> visitor) {
            return visitor.visit(this);
        }
    }

    /** The item left the catalogue. */
    record Removed(String item, String topic, int partition, long offset) implements ItemOrigin {
        @Override
        public <T> T accept(Visitor<T> visitor) {
            return visitor.visit(this);
        }
    }

    /**
     * It has a vector.
     *
     * @param topic of the vector
     * @param partition of the vector
     * @param offset of the vector
     * @param batch of the step that made the vector; absent if it is no longer in the log
     * @param roles of the item in that batch
     * @param change the newest batch up to that step that has the item as a positive or changes it in the catalogue, and so is the
     *     reason for publishing it; absent if none of the steps within the bound of {@code publish.max-age.steps} has: the sweep
     *     published it
     * @param settingsHash of the model settings of this process
     * @param isOfTheseSettings whether the vector's generation is that of these settings
     */
    record Vector(
            ItemEmbedding embedding,
            String topic,
            int partition,
            long offset,
            Optional<BatchOrigin> batch,
            Set<BatchOrigin.Role> roles,
            Optional<BatchOrigin> change,
            String settingsHash,
            boolean isOfTheseSettings)
            implements ItemOrigin {
        @Override
        public <T> T accept(Visitor<T> visitor) {
            return visitor.visit(this);
        }
    }
}

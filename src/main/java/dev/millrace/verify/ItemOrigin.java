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

    /** Nothing of the item is on the topic. */
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
     * @param batch whose step made it; absent if the log has it no longer
     * @param roles of the item in that batch
     * @param change the newest batch, that one or one before, not farther back than the sweep goes, that a publication of the item
     *     follows from; absent if there is none, and the sweep published it
     * @param settingsHash of the model settings that this process was given
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

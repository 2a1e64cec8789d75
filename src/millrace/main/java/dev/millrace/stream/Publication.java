package dev.millrace.stream;

import dev.millrace.generation.GenerationFact;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.ModelUpdate;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.VectorStoreRecords;
import dev.millrace.train.EntryKind;
import dev.millrace.train.Trainer;
import dev.millrace.wire.Topic;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** What a learner sends while it commits: vectors, the query side, lists of neighbours, and the facts of its generation. */
final class Publication {

    private final Outlet outlet;
    private final TopicNames topics;
    private final GenerationTerms terms;
    private final LearnerNotices notices;
    private final Topic<ItemEmbedding> embeddings;
    private final Optional<VectorStoreRecords> vectorStore;

    /** @param logTopic name of the log whose steps the embeddings name */
    Publication(Outlet outlet, TopicNames topics, String logTopic, GenerationTerms terms, LearnerNotices notices) {
        this.outlet = outlet;
        this.topics = topics;
        this.terms = terms;
        this.notices = notices;
        this.embeddings = Topic.itemEmbeddings(logTopic);
        this.vectorStore = topics.vectorStore().map(VectorStoreRecords::new);
    }

    /**
     * Publishes what is due, then drains the learner. Call it while committing.
     *
     * @param hold the reason why nothing may be published yet; empty if it may
     * @param drain writes what changed, and hands each entry on
     * @return whether more waits for the next commit
     */
    boolean publish(
            Trainer trainer, Optional<String> hold, long now, Consumer<BiConsumer<byte[], Optional<byte[]>>> drain) {
        String generation = trainer.generation();
        long step = trainer.step();
        if (trainer.startGeneration()) {
            send(trainer, GenerationFact.Kind.STARTED, now);
        }
        boolean isMoreLeft = trainer.publish(hold, embedding -> send(embedding, now));
        boolean isWithheld = trainer.withheld().isPresent();
        notices.withheld(trainer.withheld());
        if (trainer.completeGeneration()) {
            complete(trainer, now);
        }
        // what is written of the query side and of the lists is sent, in this transaction
        drain.accept((key, stored) -> {
            Optional<byte[]> value = stored.filter(one -> !trainer.isGoneFromQuerySide(key, one));
            if (value.isPresent() && isWithheld) {
                return;
            }
            if (trainer.isQuerySide(key)) {
                ModelUpdate update = new ModelUpdate(generation, step, key, value);
                outlet.send(MillraceTopology.TO_UPDATES, Topic.MODEL_UPDATES, topics.modelUpdates(), update, now);
            }
            Optional<String> changed =
                    value.isPresent() ? EntryKind.itemWithNeighbours(key) : EntryKind.itemWithoutNeighbours(key);
            changed.ifPresent(item -> {
                Topic.ItemNeighbours neighbours =
                        new Topic.ItemNeighbours(generation, step, item, trainer.neighbours(item));
                outlet.send(
                        MillraceTopology.TO_NEIGHBOURS,
                        Topic.ITEM_NEIGHBOURS,
                        topics.itemNeighbours(),
                        neighbours,
                        now);
            });
        });
        return isMoreLeft;
    }

    /** Sends that the generation is complete: as a mark behind its vectors, for servers, and as a fact of its history. */
    private void complete(Trainer trainer, long now) {
        ItemEmbedding mark = ItemEmbedding.mark(trainer.generation(), trainer.step());
        outlet.send(MillraceTopology.TO_EMBEDDINGS, embeddings, topics.itemEmbeddings(), mark, now);
        send(trainer, GenerationFact.Kind.COMPLETE, now);
        if (terms.isPromotedWhenComplete()) {
            send(trainer, GenerationFact.Kind.PROMOTED, now);
        }
        notices.complete(trainer.generation(), trainer.step(), terms.isPromotedWhenComplete());
    }

    private void send(ItemEmbedding embedding, long now) {
        vectorStore.ifPresent(json -> outlet.send(
                MillraceTopology.TO_VECTOR_STORE,
                json.key(embedding.item()),
                embedding.vector().map(vector -> json.value(embedding, vector)),
                now));
        outlet.send(MillraceTopology.TO_EMBEDDINGS, embeddings, topics.itemEmbeddings(), embedding, now);
    }

    private void send(Trainer trainer, GenerationFact.Kind kind, long now) {
        GenerationFact fact = new GenerationFact(
                trainer.generation(),
                kind,
                now,
                trainer.step(),
                trainer.catalogue().size(),
                terms.application(),
                kind == GenerationFact.Kind.STARTED ? terms.settings() : new TreeMap<>());
        outlet.send(MillraceTopology.TO_GENERATIONS, Topic.GENERATIONS, topics.generations(), fact, now);
    }
}

package dev.millrace.publish;

/**
 * An item's latest vector: the publication that it comes from, and how far the item's row has moved since then. It is a link of the chain of
 * all vectors, by the order of their publication.
 */
final class LatestVector {

    static final int NOWHERE = -1;

    final String item;
    final Publications.Publication from;
    LatestVector older = this;
    LatestVector newer = this;
    float moved; // an estimate; 0 again after a restart
    int place = NOWHERE; // in the heap of those that moved

    LatestVector(String item, Publications.Publication from) {
        this.item = item;
        this.from = from;
    }
}

package dev.millrace.publish;

/** An item's latest vector, and the publication that it comes from. It is a link of the chain of all vectors, by the order of their publication. */
final class LatestVector {

    final String item;
    /** Place of the item's numbers in arrays; of a removed vector it is free for another. */
    final int number;

    final Publications.Publication from;
    LatestVector older = this;
    LatestVector newer = this;

    LatestVector(String item, int number, Publications.Publication from) {
        this.item = item;
        this.number = number;
        this.from = from;
    }
}

/** Networks of DeepLearning4J that users declare. */
@NullMarked
package dev.millrace.model.graph;

import org.jspecify.annotations.NullMarked;

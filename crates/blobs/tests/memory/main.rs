//! Contents pass in constant memory: one test alone in its process, which is measured.

#[cfg(test)]
mod streams;

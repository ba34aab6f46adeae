//! What leaves and what does not, case by case.

mod address;
mod allowed;
mod body;
mod headers;
mod request;

"""The service under test: started, waited for, sampled and always stopped."""

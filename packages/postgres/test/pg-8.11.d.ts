declare module 'pg-8.11' {
  export { default } from 'pg';
}
